import ClusterAPI
import ClusterState
import RaftCore
import Testing

@testable import Coordinator

@Suite("Secrets in connectors")
struct ConnectorSecretsTests {
    private static let cluster = ClusterID(high: 1, low: 2)
    private static let connector = Connector(
        name: "broker",
        connectorType: "mqtt",
        params: ["host": "mqtt.example", "username": "me", "password": "hunter2-hunter2", "api_key": "s3cr3t-value"],
        description: "the broker"
    )

    private static func secrets(_ key: String? = "key", _ cluster: ClusterID = Self.cluster) throws -> ConnectorSecrets
    { try ConnectorSecrets(apiKey: key, cluster: cluster) }

    @Test("what was sealed opens to what it was", arguments: ["key", nil])
    func roundTrip(key: String?) throws {
        let secrets = try Self.secrets(key)
        #expect(try secrets.open(secrets.seal(ConnectorForm(Self.connector))) == Self.connector)
        let empty = Connector(name: "n", connectorType: "mqtt", params: ["password": "", "host": ""])
        #expect(try secrets.open(secrets.seal(ConnectorForm(empty))) == empty)
    }

    @Test("what an answer showed as stars is kept when it is written back, and a new secret replaces the old")
    func writtenBack() throws {
        let secrets = try Self.secrets()
        let stored = try secrets.seal(ConnectorForm(Self.connector))
        var changed = ConnectorSecrets.redact(stored)
        changed.params["host"] = "other.example"
        changed.params["api_key"] = "new"
        let kept = try secrets.keepingSecrets(ConnectorForm(changed), of: stored).connector
        #expect(kept.params["password"] == Self.connector.params["password"])
        #expect(kept.params["host"] == "other.example")
        #expect(kept.params["api_key"] == "new")
    }

    @Test("no secret is in the bytes that go to the log, and what is no secret is readable there")
    func logBytes() throws {
        let sealed = try Self.secrets().seal(ConnectorForm(Self.connector))
        let bytes = Command.putConnector(.init(connector: sealed, mode: .create)).encoded()
        #expect(!bytes.contains("hunter2"))
        #expect(!bytes.contains("s3cr3t"))
        #expect(bytes.contains("mqtt.example"))
        #expect(try Command(decoding: bytes) == .putConnector(.init(connector: sealed, mode: .create)))
    }

    @Test(
        "a URL with a user, or with a secret in its query, is a secret whatever its name is",
        arguments: [
            ("http://u:p@h/x", true), ("mqtt://u@h:1883", true), ("https://h/x?api_key=1", true),
            ("https://h/x?a=1&token=2", true), ("http://h:80/x?q=1", false), ("http://h/a@b", false), ("a@b", false),
            ("://", false), ("", false), ("http://h#token", false),
        ]
    )
    func urls(url: String, isSecret: Bool) throws {
        let connector = Connector(name: "c", connectorType: "http", params: ["url": url])
        let secrets = try Self.secrets()
        let sealed = try secrets.seal(ConnectorForm(connector))
        #expect(ConnectorSecrets.redact(sealed).params["url"] == (isSecret ? ConnectorSecrets.redacted : url))
        let bytes = Command.putConnector(.init(connector: sealed, mode: .create)).encoded()
        if isSecret { #expect(!bytes.contains(url)) }
        #expect(try secrets.open(sealed) == connector)
        #expect(
            try secrets.keepingSecrets(ConnectorForm(ConnectorSecrets.redact(sealed)), of: sealed).connector
                == connector
        )
    }

    @Test("a sealed value opens neither in another parameter, nor in another connector, nor for another cluster or key")
    func place() throws {
        let sealed = try Self.secrets().seal(ConnectorForm(Self.connector))
        let box = try #require(sealed.parameters.first { $0.key == "password" })
        var moved = ClusterState.Connector(
            name: sealed.name,
            type: sealed.type,
            parameters: [.init(key: "api_key", value: box.value)]
        )
        #expect(throws: (any Error).self) { try Self.secrets().open(moved) }
        moved = ClusterState.Connector(name: ConnectorName("other"), type: "mqtt", parameters: [box])
        #expect(throws: (any Error).self) { try Self.secrets().open(moved) }
        // The name of the connector and that of the parameter do not run into each other.
        moved = ClusterState.Connector(
            name: ConnectorName("brokerpass"),
            type: "mqtt",
            parameters: [.init(key: "word", value: box.value)]
        )
        #expect(throws: (any Error).self) { try Self.secrets().open(moved) }
        #expect(throws: (any Error).self) { try Self.secrets("other").open(sealed) }
        #expect(throws: (any Error).self) { try Self.secrets("key", ClusterID(high: 1, low: 3)).open(sealed) }
        #expect(throws: (any Error).self) { try Self.secrets(nil).open(sealed) }
    }

    @Test("a sealed value with any byte changed or missing does not open")
    func damage() throws {
        let sealed = try Self.secrets().seal(ConnectorForm(Self.connector))
        let place = try #require(sealed.parameters.firstIndex { $0.key == "password" })
        guard case .sealed(let box) = sealed.parameters[place].value else {
            Issue.record("the password is not sealed")
            return
        }
        for index in box.indices {
            var damaged = box
            damaged[index] ^= 1
            for box in [damaged, Array(box.prefix(index))] {
                var parameters = sealed.parameters
                parameters[place].value = .sealed(box)
                let altered = ClusterState.Connector(name: sealed.name, type: sealed.type, parameters: parameters)
                #expect(throws: (any Error).self) { try Self.secrets().open(altered) }
            }
        }
    }

    @Test("the body made of what is stored is the one made of the connector itself")
    func body() throws {
        var connectors = [Self.connector]
        connectors.append(Connector(name: "c", connectorType: "console", params: [:]))
        connectors.append(
            Connector(
                name: "é\"\\\n",
                connectorType: "a\u{1}",
                params: ["ä": "ö", "Z": "1", "a": "\t", "aPassword": "x", "": "", "a b": "\u{1F600}"],
                description: "d\r"
            )
        )
        for connector in connectors {
            for key in ["key", nil] {
                let sealed = try Self.secrets(key).seal(ConnectorForm(connector))
                let body = ConnectorSecrets.redactedJSON(sealed)
                #expect(ConnectorSecrets.redactedJSON(ConnectorForm(connector)) == body)
                #expect(try ConnectorForm(json: body).connector == ConnectorSecrets.redact(sealed))
            }
        }
    }

    @Test("an answer shows no secret, sealed or not, and everything else")
    func redaction() throws {
        var expected = Self.connector
        expected.params["password"] = ConnectorSecrets.redacted
        expected.params["api_key"] = ConnectorSecrets.redacted
        for key in ["key", nil] {
            let sealed = try Self.secrets(key).seal(ConnectorForm(Self.connector))
            #expect(ConnectorSecrets.redact(sealed) == expected)
        }
    }

    @Test(
        "parameters that hold secrets are known by their names",
        arguments: [
            ("password", true), ("Password", true), ("mqtt_password", true), ("client_secret", true), ("TOKEN", true),
            ("apiKey", true), ("private_key", true), ("credentials", true), ("host", false), ("username", false),
            ("topic", false), ("client_id", false),
        ]
    )
    func names(name: String, isSecret: Bool) {
        #expect(ConnectorSecrets.isSecret(name) == isSecret)
    }
}

extension [UInt8] {
    fileprivate func contains(_ text: String) -> Bool {
        let needle = Array(text.utf8)
        guard self.count >= needle.count else { return false }
        return (0...self.count - needle.count).contains { self[$0..<$0 + needle.count].elementsEqual(needle) }
    }
}
