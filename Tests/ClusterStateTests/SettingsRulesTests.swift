import ClusterState
import Testing

@Suite("Rules about keys, scaling and settings")
struct SettingsRulesTests {
    @Test("a key is put once; an identical repetition is no offence, another body is refused")
    func putKey() throws {
        var log = Log()
        #expect(log.apply(.key("k", .operator)) == .key("k", created: true))
        #expect(log.state.keysIndex == 1)
        #expect(log.apply(.key("k", .operator)) == .key("k", created: false))
        #expect(log.apply(.key("k", .admin)) == .refused(.keyExists("k")))
        let key = try #require(log.state.key("k"))
        #expect(key.role == .operator && key.createdMilliseconds == 1000 && key.expiresMilliseconds == nil)
        #expect(log.state.keysIndex == 1)
        log.apply(.key("a", .viewer, expires: 9_000))
        #expect(log.state.keys.map(\.id) == ["a", "k"])
        #expect(log.state.key("a")?.isExpired(at: 8_999) == false)
        #expect(log.state.key("a")?.isExpired(at: 9_000) == true)
        #expect(log.state.key("k")?.isExpired(at: .max) == false)
    }

    @Test("a revoked key is gone, and whoever remembers keys can tell")
    func revokeKey() {
        var log = Log()
        log.apply(.key("k", .admin))
        #expect(log.apply(.revokeKey("k")) == .done)
        #expect(log.state.keys.isEmpty)
        #expect(log.state.keysIndex == 2)
        #expect(log.apply(.revokeKey("k")) == .refused(.keyNotFound("k")))
        #expect(log.state.keysIndex == 2)
    }

    @Test("a key that could not be one is refused, and so is one too many")
    func faultyKeys() {
        var log = Log()
        for (command, fault) in [
            (Command.key("", .admin), "the id of a key must have 1 to 128 bytes"),
            (.key("k", .admin, name: ""), "the name of a key must have 1 to 256 bytes"),
            (.key("k", .admin, salt: [1]), "the salt of a key must have 16 bytes"),
            (.key("k", .admin, hash: []), "the hash of a key must have 32 bytes"),
        ] {
            #expect(log.apply(command) == .refused(.invalid(fault)))
        }
        var state = ClusterState()
        for number in 0..<ClusterState.AccessKey.countMax {
            let response = state.apply(.key("k\(number)", .viewer), index: UInt64(number) + 1, time: 0)
            #expect(response == .key(KeyID("k\(number)"), created: true))
        }
        #expect(
            state.apply(.key("more", .viewer), index: 5_000, time: 0)
                == .refused(.invalid("there are 1000 keys already"))
        )
    }

    @Test("a key's salt and hash are not printed")
    func redaction() {
        let command = Command.key("k", .admin, salt: [UInt8](repeating: 201, count: 16))
        #expect(!"\(command)".contains("201"))
        #expect(!String(reflecting: command).contains("201"))
    }

    @Test("roles include the ones before them")
    func roles() {
        #expect(ClusterState.AccessKey.Role.allCases.sorted() == [.viewer, .operator, .admin])
    }

    @Test("a scaling policy is set, replaced and taken away")
    func scalingPolicy() {
        var log = Log()
        let policy = ClusterState.ScalingPolicy(workersMin: 2, webhookURL: "http://hook")
        #expect(log.apply(.setScalingPolicy(.init(policy: policy))) == .done)
        #expect(log.state.scalingPolicy == policy)
        #expect(log.apply(.setScalingPolicy(.init(policy: nil))) == .done)
        #expect(log.state.scalingPolicy == nil)
    }

    @Test(
        "a scaling policy that makes no sense is refused",
        arguments: [
            (.init(workersMin: 101), "the least number of workers is above the greatest"),
            (.init(workersMin: 0, upThresholdThousandths: 0), "the upper threshold of scaling must be above zero"),
            (
                .init(workersMin: 0, upThresholdThousandths: 1_000),
                "the lower threshold of scaling must be below the upper one"
            ),
            (.init(workersMin: 0, webhookURL: "file:///etc"), "the webhook must be an http or https URL"),
            (
                .init(workersMin: 0, webhookURL: "http://" + String(repeating: "a", count: 2_048)),
                "the webhook must not have more than 2048 bytes"
            ),
        ] as [(ClusterState.ScalingPolicy, String)]
    )
    func faultyPolicies(policy: ClusterState.ScalingPolicy, fault: String) {
        var log = Log()
        #expect(log.apply(.setScalingPolicy(.init(policy: policy))) == .refused(.invalid(fault)))
        #expect(log.state.scalingPolicy == nil)
    }

    @Test("settings replace each other as a whole")
    func settings() {
        var log = Log()
        let settings = ClusterState.Settings(heartbeat: .init(intervalMilliseconds: 500, timeoutMilliseconds: 1_000))
        #expect(log.apply(.putSettings(.init(settings: settings))) == .done)
        #expect(log.state.settings == settings)
        #expect(log.apply(.putSettings(.init(settings: .init()))) == .done)
        #expect(log.state.settings == ClusterState.Settings())
    }

    @Test(
        "settings that make no sense are refused",
        arguments: [
            (99, 1_000, "heartbeats must be at least 100 ms apart"),
            (1_000, 3_600_001, "the heartbeat timeout must not be above one hour"),
            (1_000, 1_999, "the heartbeat timeout must be at least twice the interval"),
            (.max, 3_600_000, "the heartbeat timeout must be at least twice the interval"),
        ] as [(UInt32, UInt32, String)]
    )
    func faultySettings(interval: UInt32, timeout: UInt32, fault: String) {
        var log = Log()
        let settings = ClusterState.Settings(
            heartbeat: .init(intervalMilliseconds: interval, timeoutMilliseconds: timeout)
        )
        #expect(log.apply(.putSettings(.init(settings: settings))) == .refused(.invalid(fault)))
        #expect(log.state.settings == ClusterState.Settings())
    }
}
