import ClusterAPI
import MQTT
import Testing
import VPL

@testable import Worker

@Suite struct WiringTests {
    private static func wiring(
        _ source: String,
        _ params: [String: String] = ["host": "h"],
        type: String = "mqtt",
        tenantID: String? = nil
    ) throws -> Wiring {
        var spec = PipelineSpec(
            id: "id-1",
            name: "p#0",
            source: source,
            groupID: "g",
            epoch: 1,
            connectors: [Connector(name: "M", connectorType: type, params: params)]
        )
        spec.tenantID = tenantID
        return try Program(spec, clientIDPrefix: "varpulis", workDirectory: WorkDirectory("/srv/dir")).wiring
    }

    @Test func `streams share a connection, and a session is kept where QoS 1 is asked`() throws {
        let wiring = try Self.wiring(
            """
            stream A = X.from(M, topic: "a", qos: 0).to(M)
            stream B = Y.from(M, topic: "b", qos: 2).to(M, topic: "out", qos: 1)
            stream C = Z.from(M, topic: "a", qos: 1).to(M)
            stream D = W.from(M, client_id: "own/id")
            """
        )
        #expect(wiring.sources.count == 2)
        let shared = wiring.sources[0].configuration
        #expect(shared.clientID == "varpulis-g-p.230-M")
        #expect(
            shared.subscriptions == [
                .init(topicFilter: "a", qos: .atLeastOnce), .init(topicFilter: "b", qos: .atLeastOnce),
            ]
        )
        #expect(shared.session == .persistent(expiry: Wiring.sessionExpiry))
        let own = wiring.sources[1].configuration
        #expect(own.clientID == "own.2fid-g-p.230-M")
        #expect(own.subscriptions == [.init(topicFilter: "varpulis/events/#", qos: .atMostOnce)])
        #expect(own.session == .clean)

        #expect(wiring.sinkConnections.map(\.configuration.clientID) == ["varpulis-g-p.230-M-sink"])
        let sinks = wiring.sinks.map { sink in
            if case .mqtt(let connection, let topic, let qos) = sink {
                "\(connection) \(topic) \(qos.rawValue)"
            } else {
                ""
            }
        }
        #expect(sinks == ["0 M-output 0", "0 out 1", "0 M-output 0"])
    }

    @Test(arguments: [
        (["host": "h"], "h", 1883), (["url": "mqtt://h:99"], "h", 99), (["brokers": "h:1", "port": "2"], "h", 2),
        (["servers": "tcp://::1"], "::1", 1883),
    ])
    func `the broker's address is read from each of its spellings`(
        params: [String: String],
        host: String,
        port: UInt16
    ) throws {
        let configuration = try Self.wiring("stream A = X.from(M)\n", params).sources[0].configuration
        #expect(configuration.host == host)
        #expect(configuration.port == port)
    }

    @Test(arguments: [
        ([:], "stream A = X.from(M)\n"), (["host": "h", "port": "0"], "stream A = X.from(M)\n"),
        (["url": "amqp://h"], "stream A = X.from(M)\n"), (["host": "h:x"], "stream A = X.from(M)\n"),
        (["host": "h"], "stream A = X.from(M, topic: \"a/#/b\")\n"),
        (["host": "h"], "stream A = X.to(M, topic: \"a/+\")\n"), (["host": ""], "stream A = X.to(M)\n"),
        (["host": "h", "password": "p"], "stream A = X.from(M)\n"),
        (["host": "h", "tls": "maybe"], "stream A = X.from(M)\n"),
        (["host": "h", "tls": "false", "ca_file": "ca.pem"], "stream A = X.from(M)\n"),
        (["host": "h", "tls": "true", "cert_file": "c.pem"], "stream A = X.from(M)\n"),
        (["host": "h", "tls": "true", "tls_insecure": "true"], "stream A = X.from(M)\n"),
    ])
    func `a connector that cannot work is refused before anything starts`(params: [String: String], source: String) {
        #expect(throws: PipelineRefusal.self) { try Self.wiring(source, params) }
    }

    @Test func `a connector may ask for TLS, and says which certificates`() throws {
        let source = "stream A = X.from(M)\n"
        let plain = try #require(try Self.wiring(source, ["url": "mqtts://h"]).sources.first).configuration
        #expect(plain.tls == MQTTConfiguration.TLS())
        #expect(plain.port == 8883)
        let full = try #require(
            try Self.wiring(
                source,
                ["host": "h", "port": "1", "tls": "true", "ca_file": "a", "cert_file": "b", "key_file": "c"]
            ).sources.first
        ).configuration
        #expect(full.tls == MQTTConfiguration.TLS(authorityFile: "a", certificateFile: "b", keyFile: "c"))
        #expect(full.port == 1)
        let clear = try #require(try Self.wiring(source, ["host": "h", "tls": "false"]).sources.first).configuration
        #expect(clear.tls == nil)
        #expect(clear.port == 1883)
    }

    @Test func `a tenant's certificates are files of the work directory`() throws {
        for source in ["stream A = X.from(M)\n", "stream A = X.to(M)\n"] {
            let inside = ["host": "h", "ca_file": "ca.pem", "cert_file": "c/cert.pem", "key_file": "/srv/dir/key.pem"]
            let wiring = try Self.wiring(source, inside, tenantID: "t")
            let configuration = try #require(
                wiring.sources.first?.configuration ?? wiring.sinkConnections.first?.configuration
            )
            #expect(
                configuration.tls
                    == MQTTConfiguration.TLS(
                        authorityFile: "/srv/dir/ca.pem",
                        certificateFile: "/srv/dir/c/cert.pem",
                        keyFile: "/srv/dir/key.pem"
                    )
            )
            for file in ["/etc/ssl/ca.pem", "../ca.pem", "a/../../ca.pem", "/srv/director/ca.pem"] {
                let refusal = #expect(throws: PipelineRefusal.self) {
                    try Self.wiring(source, ["host": "h", "ca_file": file], tenantID: "t")
                }
                guard case .connector(let message) = refusal else {
                    Issue.record("\(file) is refused for another reason")
                    continue
                }
                #expect(message.contains("ca_file must be in the work directory"))
                // The worker's own pipelines may use any.
                _ = try Self.wiring(source, ["host": "h", "ca_file": file])
            }
        }
    }

    @Test func `kinds of connectors that are not there are refused`() {
        for type in ["kafka", "http"] {
            #expect(throws: PipelineRefusal.self) { try Self.wiring("stream A = X.to(M)\n", type: type) }
        }
        #expect(throws: PipelineRefusal.self) { try Self.wiring("stream A = X.from(M)\n", type: "console") }
    }

    @Test func `a pipeline of the worker's own is known to brokers by its id`() {
        let spec = PipelineSpec(id: "1f-2", name: "p", source: "", groupID: nil, epoch: 0, connectors: [])
        #expect(ClientID.source(prefix: "v", spec: spec, connector: "M") == "v-1f-2-M")
        #expect(ClientID.sink(prefix: "v", spec: spec, connector: "M") == "v-1f-2-M-sink")
    }

    @Test func `a connector may have its streams' names in the client ids`() throws {
        let wiring = try Self.wiring(
            """
            stream A = X.from(M, topic: "a").to(M, topic: "out")
            stream B = Y.from(M, topic: "b").to(M, topic: "out", client_id: "own")
            """,
            ["host": "h", "client_id": "base", "client_id_mode": "append_pipeline"]
        )
        #expect(wiring.sources.map(\.configuration.clientID) == ["base-A-g-p.230-M", "base-B-g-p.230-M"])
        #expect(
            wiring.sinkConnections.map(\.configuration.clientID) == ["base-A-g-p.230-M-sink", "own-g-p.230-M-sink"]
        )
        let plain = try Self.wiring("stream A = X.from(M)\n", ["host": "h", "client_id_mode": "append_pipeline"])
        #expect(plain.sources.map(\.configuration.clientID) == ["M-A-g-p.230-M"])
    }
}

/// The connections of routes beside those of a program.
@Suite struct RouteWiringTests {
    private static func wiring(
        outputs: [RouteOutput] = [],
        inputs: [RouteInput] = [],
        replica: ReplicaShare? = nil,
        type: String = "mqtt"
    ) throws -> Wiring {
        var spec = PipelineSpec(
            id: "id-1",
            name: "p",
            source: "stream A = X.from(M, topic: \"in\").to(M, topic: \"out\")",
            groupID: "g",
            epoch: 1,
            connectors: [
                Connector(name: "M", connectorType: "mqtt", params: ["host": "h"]),
                Connector(name: "Bus", connectorType: type, params: ["host": "i"]),
            ]
        )
        spec.outputs = outputs
        spec.inputs = inputs
        spec.replica = replica
        return try Program(spec, clientIDPrefix: "varpulis", workDirectory: WorkDirectory(".")).wiring
    }

    @Test func `each connector and direction has a connection, and a topic one way`() throws {
        let wiring = try Self.wiring(
            outputs: [
                RouteOutput(topic: "t", eventTypes: ["A*"], connector: "Bus", peer: "q"),
                RouteOutput(topic: "t", eventTypes: ["B"], connector: "Bus", peer: "r"),
                RouteOutput(topic: "u", eventTypes: ["C"], connector: "Bus", peer: "s"),
                RouteOutput(topic: "v", eventTypes: ["*"], peer: "q", peerReplicas: ReplicaRule(count: 2)),
            ],
            inputs: [
                RouteInput(topic: "w", eventTypes: ["A"], connector: "Bus", peer: "q"),
                RouteInput(topic: "w", eventTypes: ["B"], connector: "Bus", peer: "r"),
                RouteInput(topic: "x", eventTypes: ["*"], connector: "M", peer: "r"),
                RouteInput(topic: "y", eventTypes: ["*"], peer: "r"),
            ]
        )
        #expect(
            wiring.sinkConnections.map(\.configuration.clientID) == ["varpulis-g-p-M-sink", "varpulis-g-p-Bus-route"]
        )
        #expect(
            wiring.sources.map(\.configuration.clientID) == [
                "varpulis-g-p-M", "varpulis-g-p-Bus-route-in", "varpulis-g-p-M-route-in",
            ]
        )
        let bus = wiring.sources[1].configuration
        #expect(bus.subscriptions == [.init(topicFilter: "w", qos: .atLeastOnce)])
        #expect(bus.session == .persistent(expiry: Wiring.sessionExpiry))
        // Of `w` only two types are wanted, of `x` all.
        #expect(wiring.sources.map { $0.intake == nil } == [true, false, true])
        let targets = wiring.routeOutputs.map { route in
            switch route.target {
            case .broker(let connection, let topic): "\(connection) \(topic)"
            case .peers(let places, _): places.map(\.name).joined(separator: " ")
            }
        }
        #expect(targets == ["1 t", "1 u", "q#0 q#1"])
        #expect(wiring.routeOutputs[0].eventTypes == EventTypePatterns(["A*", "B"]))
    }

    @Test func `a replica takes its share of everything that brokers bring`() throws {
        let wiring = try Self.wiring(
            inputs: [RouteInput(topic: "w", eventTypes: ["*"], connector: "Bus", peer: "q")],
            replica: ReplicaShare(index: 1, count: 3)
        )
        #expect(wiring.sources.allSatisfy { $0.intake != nil })
    }

    @Test func `routes that cannot work are refused before anything starts`() {
        func output(_ topic: String, _ connector: String) -> RouteOutput {
            RouteOutput(topic: topic, eventTypes: ["*"], connector: connector, peer: "q")
        }
        #expect(throws: PipelineRefusal.self) { try Self.wiring(outputs: [output("t", "None")]) }
        #expect(throws: PipelineRefusal.self) { try Self.wiring(outputs: [output("t/#", "Bus")]) }
        #expect(throws: PipelineRefusal.self) { try Self.wiring(outputs: [output("t", "Bus")], type: "kafka") }
        let input = RouteInput(topic: "+", eventTypes: ["*"], connector: "Bus", peer: "q")
        #expect(throws: PipelineRefusal.self) { try Self.wiring(inputs: [input]) }
    }
}
