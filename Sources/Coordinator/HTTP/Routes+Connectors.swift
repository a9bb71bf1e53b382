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
        let connector = try Connector(json: ask.body.readableBytesView)
        try Self.validate(connector)
        let sealed = try self.secrets.seal(connector)
        let command = Command.putConnector(.init(connector: sealed, mode: .create))
        let created = Answer(.created, ConnectorSecrets.redactedJSON(sealed))
        return .write(command, answering: created) { answer in
            guard case .refused(.connectorExists(let name)) = answer else {
                try answer.check()
                return .answer(created)
            }
            // Sealing the same secret twice gives different boxes; what is in them decides.
            return .read { state in
                let isTheSame = try state.connector(name).map { try self.secrets.open($0) == connector }
                if isTheSame != true { try answer.check() }
                return .answer(created)
            }
        }
    }

    private func update(_ ask: Endpoint.Ask) throws -> Exchange {
        var connector = try Connector(json: ask.body.readableBytesView)
        connector.name = ask.name
        try Self.validate(connector)
        guard ConnectorSecrets.hasRedacted(connector) else { return try self.update(connector) }
        return .read { [connector] state in
            guard let existing = state.connector(ConnectorName(connector.name)) else {
                return try self.update(connector)
            }
            return try self.update(try self.secrets.keepingSecrets(connector, of: existing))
        }
    }

    private func update(_ connector: Connector) throws -> Exchange {
        let sealed = try self.secrets.seal(connector)
        let command = Command.putConnector(.init(connector: sealed, mode: .update))
        let updated = Answer(.ok, ConnectorSecrets.redactedJSON(sealed))
        return .write(command, answering: updated) { answer in
            try answer.check()
            return .answer(updated)
        }
    }

    private func delete(_ ask: Endpoint.Ask) throws -> Exchange {
        let deleted = Answer(.ok, try APIJSON.encode(DeletedResponse()))
        return .write(.deleteConnector(.init(connector: ConnectorName(ask.name))), answering: deleted) { answer in
            try answer.check()
            return .answer(deleted)
        }
    }

    /// The parameters without which a connector of the type can't connect.
    private static let required: [String: [String]] = [
        "mqtt": ["host"], "kafka": ["brokers"], "nats": ["servers"], "http": ["url"], "file": ["path"], "console": [],
    ]

    private static func validate(_ connector: Connector) throws(APIError) {
        func invalid(_ why: String) -> APIError {
            APIError(.badRequest, .connectorValidation, "Connector validation failed: \(why)")
        }
        let name = connector.name.utf8
        let isWord = name.allSatisfy { byte in
            byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        let startsWithDigit = name.first.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? true
        guard isWord, !startsWithDigit, name.count <= 256 else {
            throw invalid("the name must be letters, digits and _, and not begin with a digit: \(connector.name)")
        }
        guard let required = Self.required[connector.connectorType] else {
            let known = Self.required.keys.sorted().joined(separator: ", ")
            throw invalid("unknown type \(connector.connectorType); known are \(known)")
        }
        for parameter in required where (connector.params[parameter] ?? "").isEmpty {
            throw invalid("a connector of type \(connector.connectorType) needs the parameter \(parameter)")
        }
    }
}
