import ClusterAPI
import ClusterState
import HTTPTypes
import Hummingbird

extension Routes {
    func addConnectors(to router: RouterGroup<APIContext>) {
        let led = router.add(middleware: LeaderGate(plane: self.plane, readsAnywhere: true))
        led.get("connectors") { request, context -> Response in
            try context.require(.viewer)
            let state = try await self.state(for: request)
            return Response.json(.ok, Page(try request.page, of: state.connectors.map(ConnectorSecrets.redact)))
        }
        led.add(ConnectorEndpoints(secrets: self.plane.secrets).all, self.plane)
    }
}

/// What may be done with one connector.
struct ConnectorEndpoints: Sendable {
    let secrets: ConnectorSecrets

    var all: [Endpoint] {
        [
            Endpoint(method: .get, collection: "connectors", isNamed: true, least: .viewer, begin: self.get),
            Endpoint(method: .post, collection: "connectors", isNamed: false, least: .operator, begin: self.create),
            Endpoint(method: .put, collection: "connectors", isNamed: true, least: .operator, begin: self.update),
            Endpoint(method: .delete, collection: "connectors", isNamed: true, least: .admin, begin: self.delete),
        ]
    }

    private func get(_ ask: Endpoint.Ask) -> Exchange {
        .read { state in
            guard let connector = state.connector(ConnectorName(ask.name)) else {
                throw APIError.connectorNotFound(ask.name)
            }
            return .answer(Answer(.ok, ConnectorSecrets.redactedJSON(connector)))
        }
    }

    /// Creates a connector; the same one again is the one that exists.
    private func create(_ ask: Endpoint.Ask) throws -> Exchange {
        let connector = try Self.form(of: ask)
        try Self.validate(connector)
        let command = Command.putConnector(.init(connector: try self.secrets.seal(connector), mode: .create))
        let created = Answer(.created, ConnectorSecrets.redactedJSON(connector))
        return .write(command, answering: created) { answer in
            guard case .refused(.connectorExists(let name)) = answer else {
                try answer.check()
                return .answer(created)
            }
            // Sealing the same secret twice gives different boxes; what is in them decides.
            return .read { state in
                let connector = try Self.form(of: ask).connector
                let isTheSame = try state.connector(name).map { try self.secrets.open($0) == connector }
                if isTheSame != true { try answer.check() }
                return .answer(created)
            }
        }
    }

    private func update(_ ask: Endpoint.Ask) throws -> Exchange {
        var connector = try Self.form(of: ask)
        connector.name = Array(ask.name.utf8)[...]
        try Self.validate(connector)
        guard ConnectorSecrets.hasRedacted(connector) else { return try self.update(connector) }
        return .read { [connector] state in
            guard let existing = state.connector(ConnectorName(ask.name)) else { return try self.update(connector) }
            return try self.update(try self.secrets.keepingSecrets(connector, of: existing))
        }
    }

    private func update(_ connector: ConnectorForm) throws -> Exchange {
        let command = Command.putConnector(.init(connector: try self.secrets.seal(connector), mode: .update))
        let updated = Answer(.ok, ConnectorSecrets.redactedJSON(connector))
        return .write(command, answering: updated) { answer in
            try answer.check()
            return .answer(updated)
        }
    }

    private static func form(of ask: Endpoint.Ask) throws(BodyError) -> ConnectorForm {
        try ConnectorForm(json: Array(buffer: ask.body))
    }

    private func delete(_ ask: Endpoint.Ask) throws -> Exchange {
        let deleted = Answer(.ok, try APIJSON.encode(DeletedResponse()))
        return .write(.deleteConnector(.init(connector: ConnectorName(ask.name))), answering: deleted) { answer in
            try answer.check()
            return .answer(deleted)
        }
    }

    /// The types, and the parameter without which a connector of each can't connect.
    private static let types: [(name: StaticString, required: StaticString?)] = [
        ("console", nil), ("file", "path"), ("http", "url"), ("kafka", "brokers"), ("mqtt", "host"),
        ("nats", "servers"),
    ]

    private static func validate(_ connector: ConnectorForm) throws(APIError) {
        func invalid(_ why: String) -> APIError {
            APIError(.badRequest, .connectorValidation, "Connector validation failed: \(why)")
        }
        func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
        let isWord = connector.name.allSatisfy { byte in
            byte == UInt8(ascii: "_") || self.isDigit(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        guard isWord, let first = connector.name.first, !self.isDigit(first), connector.name.count <= 256 else {
            throw invalid(
                "the name must be letters, digits and _, and not begin with a digit: \(text(connector.name))"
            )
        }
        guard let type = self.types.first(where: { connector.type.spells($0.name) }) else {
            let known = self.types.map { "\($0.name)" }.joined(separator: ", ")
            throw invalid("unknown type \(text(connector.type)); known are \(known)")
        }
        guard let required = type.required else { return }
        if !connector.params.contains(where: { $0.key.spells(required) && !$0.value.isEmpty }) {
            throw invalid("a connector of type \(type.name) needs the parameter \(required)")
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
