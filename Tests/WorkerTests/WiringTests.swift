import ClusterAPI
import MQTT
import Testing
import VPL

@testable import Worker

@Suite struct WiringTests {
    private static func wiring(
        _ source: String,
        _ params: [String: String] = ["host": "h"],
        type: String = "mqtt"
    ) throws -> Wiring {
        let spec = PipelineSpec(
            id: "id-1",
            name: "p#0",
            source: source,
            groupID: "g",
            epoch: 1,
            connectors: [Connector(name: "M", connectorType: type, params: params)]
        )
        return try Program(spec, clientIDPrefix: "varpulis").wiring
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
}
