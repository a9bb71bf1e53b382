import Foundation
import MQTT
import TestBroker
import Testing

/// Connections to a real broker that speaks TLS, with certificates made for the occasion.
@Suite struct TLSTests {
    private static func broker(
        _ certificates: TestCertificates,
        _ name: String,
        more: [String] = []
    ) throws -> TestBroker {
        try TestBroker(
            settings: [
                "allow_anonymous true",
                "cafile \(certificates.path("authority.pem"))",
                "certfile \(certificates.path("\(name).pem"))",
                "keyfile \(certificates.path("\(name).key"))",
            ] + more
        )
    }

    private static func configuration(
        _ broker: TestBroker,
        _ tls: MQTTConfiguration.TLS,
        host: String = "localhost"
    ) -> MQTTConfiguration {
        var configuration = MQTTConfiguration(
            host: host,
            port: broker.port,
            clientID: "c",
            subscriptions: [.init(topicFilter: "t", qos: .atLeastOnce)]
        )
        configuration.tls = tls
        return configuration
    }

    /// Why the first attempt fails; nil when it does not.
    private static func failure(_ configuration: MQTTConfiguration) throws -> MQTTError? {
        let recorder = Recorder()
        let client = try MQTTClient(configuration, onStatus: recorder.onStatus)
        defer { client.close() }
        let status = try #require(recorder.status { $0.isSubscribed || $0.lastError != nil })
        return status.lastError
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func `messages go both ways, large and many`(host: String) throws {
        let certificates = try TestCertificates()
        try certificates.issue("server", for: "DNS:localhost,IP:127.0.0.1")
        let broker = try Self.broker(certificates, "server", more: ["max_queued_messages 0"])
        let recorder = Recorder()
        let configuration = Self.configuration(
            broker,
            .init(authorityFile: certificates.path("authority.pem")),
            host: host
        )
        let client = try MQTTClient(configuration, onStatus: recorder.onStatus, onBatch: recorder.onBatch)
        #expect(recorder.status { $0.isSubscribed || $0.lastError != nil }?.lastError == nil)
        let texts = (0..<3000).map(String.init) + [String(repeating: "x", count: 1_000_000)]
        for text in texts { try client.publish(MQTTMessage("t", text), whenFull: .wait) }
        #expect(recorder.payloads(count: texts.count) == texts)
        client.close()
    }

    @Test func `a broker that cannot prove who it is is refused, and said why`() throws {
        let (ours, foreign) = (try TestCertificates(), try TestCertificates())
        try ours.issue("server", for: "DNS:localhost")
        try ours.issue("expired", for: "DNS:localhost", days: -1)
        try ours.issue("elsewhere", for: "DNS:broker.example")
        let tls = MQTTConfiguration.TLS(authorityFile: ours.path("authority.pem"))
        let cases = [
            ("expired", tls, "expired"),
            ("elsewhere", tls, "ostname mismatch"),
            ("server", MQTTConfiguration.TLS(authorityFile: foreign.path("authority.pem")), "self-signed certificate"),
            ("server", MQTTConfiguration.TLS(), "self-signed certificate"),
        ]
        for (certificate, tls, reason) in cases {
            let broker = try Self.broker(ours, certificate)
            let failure = try #require(try Self.failure(Self.configuration(broker, tls)))
            #expect(failure.code == .refused, "\(certificate): \(failure)")
            #expect(failure.message.contains(reason), "\(certificate): \(failure)")
        }
    }

    @Test func `a broker may ask who its clients are`() throws {
        let (ours, foreign) = (try TestCertificates(), try TestCertificates())
        try ours.issue("server", for: "DNS:localhost")
        try ours.issue("client", for: "DNS:client")
        try foreign.issue("client", for: "DNS:client")
        let broker = try Self.broker(ours, "server", more: ["require_certificate true"])
        func tls(_ shown: TestCertificates?) -> MQTTConfiguration.TLS {
            .init(
                authorityFile: ours.path("authority.pem"),
                certificateFile: shown?.path("client.pem"),
                keyFile: shown?.path("client.key")
            )
        }
        #expect(try Self.failure(Self.configuration(broker, tls(ours))) == nil)
        #expect(try Self.failure(Self.configuration(broker, tls(foreign))) != nil)
        #expect(try Self.failure(Self.configuration(broker, tls(nil))) != nil)
    }

    @Test func `files that cannot be used are named`() throws {
        let certificates = try TestCertificates()
        try certificates.issue("client", for: "DNS:client")
        let broker = try TestBroker()
        let authority = certificates.path("authority.pem")
        let cases: [MQTTConfiguration.TLS] = [
            .init(authorityFile: "/nowhere/ca.pem"),
            .init(
                authorityFile: authority,
                certificateFile: "/nowhere/client.pem",
                keyFile: certificates.path("client.key")
            ),
            // A key, but of another certificate.
            .init(
                authorityFile: authority,
                certificateFile: certificates.path("client.pem"),
                keyFile: certificates.path("authority.key")
            ),
        ]
        for (tls, file) in zip(cases, ["/nowhere/ca.pem", "/nowhere/client.pem", certificates.path("authority.key")]) {
            let failure = try #require(try Self.failure(Self.configuration(broker, tls)))
            #expect(failure.code == .invalid)
            #expect(failure.message.contains(file))
        }
    }
}
