import ClusterAPI
import ClusterState
import HTTPTypes
import Hummingbird

extension Routes {
    func addConnectors(to router: RouterGroup<APIContext>) {
        let led = router.add(middleware: LeaderGate(plane: self.plane))
        led.get("connectors") { request, context -> Response in
            try context.require(.viewer)
            let state = try await self.state(for: request)
            return Response.json(.ok, Page(try request.page, of: state.connectors.map(ConnectorSecrets.redact)))
        }
        led.get("connectors/:name") { request, context -> Response in
            try context.require(.viewer)
            let name = try context.parameter("name")
            guard let connector = try await self.state(for: request).connector(ConnectorName(name)) else {
                throw APIError.connectorNotFound(name)
            }
            return Response.json(.ok, ConnectorSecrets.redact(connector))
        }
        led.post("connectors") { request, context -> Response in
            try context.require(.operator)
            let connector = try await request.body(of: Connector.self)
            return Response.json(.created, try await self.create(connector, for: context.attempt))
        }
        led.put("connectors/:name") { request, context -> Response in
            try context.require(.operator)
            var connector = try await request.body(of: Connector.self)
            connector.name = try context.parameter("name")
            try Self.validate(connector)
            if let existing = try await self.plane.state().connector(ConnectorName(connector.name)) {
                connector = try self.plane.secrets.keepingSecrets(connector, of: existing)
            }
            let sealed = try self.plane.secrets.seal(connector)
            let shown = ConnectorSecrets.redact(connector)
            try self.check(
                try await self.plane.propose(
                    .putConnector(.init(connector: sealed, mode: .update)),
                    for: context.attempt,
                    answering: context.attempt?.answer(.ok, shown)
                )
            )
            return Response.json(.ok, shown)
        }
        led.delete("connectors/:name") { _, context -> Response in
            try context.require(.admin)
            let name = try context.parameter("name")
            try self.check(
                try await self.plane.propose(
                    .deleteConnector(.init(connector: ConnectorName(name))),
                    for: context.attempt,
                    answering: context.attempt?.answer(.ok, DeletedResponse())
                )
            )
            return Response.json(.ok, DeletedResponse())
        }
    }

    /// Creates a connector; the same one again is the one that exists.
    private func create(_ connector: Connector, for attempt: Attempt?) async throws -> Connector {
        try Self.validate(connector)
        let sealed = try self.plane.secrets.seal(connector)
        let shown = ConnectorSecrets.redact(connector)
        let answer = try await self.plane.propose(
            .putConnector(.init(connector: sealed, mode: .create)),
            for: attempt,
            answering: attempt?.answer(.created, shown)
        )
        if case .refused(.connectorExists(let name)) = answer {
            // Sealing the same secret twice gives different boxes; what is in them decides.
            if let existing = try await self.plane.state().connector(name),
                try self.plane.secrets.open(existing) == connector
            {
                return shown
            }
        }
        try self.check(answer)
        return shown
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
