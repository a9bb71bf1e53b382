import ClusterState
import RaftSessions
import Testing

@Suite("Binary form of commands, responses and states")
struct CodingTests {
    static let key = PlacementKey(group: "g", pipeline: "p", replica: 300)

    static let commands: [Command] = [
        .register("w1", incarnation: .max, replacing: 7), .register("", address: ""),
        .register("w1", labels: ["a": "b"], key: "k", sealedKey: [1, 2, 3]),
        .deregister("w1"), .deregister("w1", incarnation: 3), .status("w", .registering, .draining),
        .deploy("g", name: "n", on: ["w1", nil, "w2"], source: "stream Ä = B 🦊"), .deploy("g", on: []),
        .deployGroup(
            Command.DeployGroup(
                group: "i",
                spec: ClusterState.GroupSpec(
                    name: "n",
                    pipelines: [
                        ClusterState.PipelineSpec(
                            name: "p",
                            source: "s",
                            workerAffinity: "w1",
                            replicas: 2,
                            partitionKey: "k"
                        )
                    ],
                    routes: [
                        ClusterState.Route(from: "_external", to: "p", eventTypes: ["A", "B*"], topic: "t"),
                        ClusterState.Route(from: "p", to: "_external", eventTypes: []),
                    ]
                ),
                workers: ["w1", "w1"]
            )
        ),
        .delete("g"), .delete("g", generation: 1 << 40), .reassign(key, from: 2, to: "w2"),
        .report(key, epoch: 9, .running), .report(key, epoch: 9, .failed("why")), .report(key, epoch: 9, .stopped),
        .report(key, epoch: 0, .pending, id: ""), .connector("c", .create), .connector("c", .update),
        .deleteConnector("c"), .register("w1", replacing: 7, key: "k"), .register("w1", takesOver: true),
        .register("w1", labels: ["zone": "a", "rack": "1"]),
        .deployGroup(
            Command.DeployGroup(
                group: "long",
                spec: ClusterState.GroupSpec(
                    name: "long form",
                    pipelines: [
                        .init(name: "p", source: "s", labels: ["zone": "a"]),
                        .init(name: "q", source: "s", spread: "zone", strategy: .affinity),
                    ],
                    strategy: "least_loaded",
                    broker: "c"
                ),
                workers: ["w1", nil]
            )
        ),
        .updateGroup(
            Command.UpdateGroup(
                group: "g",
                generation: 300,
                spec: ClusterState.GroupSpec(name: "g", pipelines: [.init(name: "p", source: "s")]),
                workers: ["w1", nil]
            )
        ),
        .confirmUpdate(Command.ConfirmUpdate(group: "g", generation: 300)),
        .rollBackGroup(Command.RollBackGroup(group: "g", generation: 300, reason: "why", workers: [nil])),
        .reassign(key, from: 2, to: "w2", migration: "m"),
        .migrate("m", key, from: 1, to: "w2"), .migrate("m", key, from: 1, to: "w2", .drain, drain: 300),
        .advance("m", .checkpointing, .deploying, checkpoint: "c"), .advance("m", .deploying, .restoring),
        .advance("m", .switching, .cleaningUp), .advance("m", .completed, .failed("why")),
        .advance("m", .cancelled, .cancelled), .cancel("m"), .pruneMigrations(.init(before: 300)), .drain("w1"),
        .drain("w1", incarnation: 300, deadline: 1 << 41),
        .finishDrain(.init(worker: "w1", drain: 300, end: .drained)),
        .finishDrain(.init(worker: "w1", drain: 300, end: .overdue)), .cancelDrain(.init(worker: "w1")),
        .key("k", .viewer), .key("k", .admin, expires: 1 << 41), .revokeKey("k"),
        .setScalingPolicy(.init(policy: nil)),
        .setScalingPolicy(.init(policy: .init(workersMin: 1, webhookURL: "https://hook/"))),
        .putSettings(.init(settings: .init())),
        .putSettings(
            .init(settings: .init(heartbeat: .init(intervalMilliseconds: 1_000, timeoutMilliseconds: 4_000)))
        ),
    ]

    static let responses: [Response] = [
        .done, .group("g", created: true), .group("g", created: false), .connector("c", created: true),
        .assigned(Epoch(77)), .refused(.workerNotFound("w")), .refused(.groupNotFound("g")),
        .refused(.placementNotFound(key)), .refused(.connectorNotFound("c")), .refused(.groupExists("g")),
        .refused(.connectorExists("c")), .refused(.invalid("why")), .refused(.alreadyApplied(1 << 63)),
        .refused(.preconditionFailed(.incarnation(WorkerIncarnation(5)))),
        .refused(.preconditionFailed(.workerStatus(.draining))),
        .refused(.preconditionFailed(.workerUnavailable("w"))), .refused(.preconditionFailed(.epoch(Epoch(1)))),
        .refused(.preconditionFailed(.generation(4))), .session(SessionID(300)),
        .key("k", created: true), .refused(.keyNotFound("k")), .refused(.keyExists("k")),
        .refused(.workerIDTaken("w")), .updated(300), .refused(.notUpdating("g")),
        .refused(.preconditionFailed(.notRunning("g"))), .migration("m", created: true),
        .refused(.migrationNotFound("m")), .refused(.migrationExists("m")),
        .refused(.preconditionFailed(.migrationPhase(.failed("why")))),
        .refused(.preconditionFailed(.migrationPhase(.cleaningUp))), .refused(.preconditionFailed(.assigned(300))),
    ]

    static let submissions: [Submission] = {
        let numbered = CommandToken(
            .session(SessionStamp(session: SessionID(300), sequence: 1 << 40, lowest: 7)),
            part: 3
        )
        let named = CommandToken(
            .key(KeyStamp(key: Digest128(high: .max, low: 0), fingerprint: Digest128(high: 1, low: 1 << 63)))
        )
        let answer = KeptAnswer(status: 201, body: Array("{}".utf8))
        return [
            Submission(.command(.deregister("w9"))), Submission(.command(.connector("c", .create)), token: numbered),
            Submission(.command(.delete("none")), token: named, answer: answer), Submission(.openSession),
            Submission(.mark, token: named), Submission(.mark, token: named, answer: answer),
            Submission(.mark, answer: answer),
        ]
    }()

    /// A state with something of everything.
    static let state: ClusterState = {
        var log = Log.withWorkers(2)
        log.apply(.deploy("g", on: ["w1", nil, "w2"]))
        log.apply(.report(PlacementKey(group: "g", pipeline: "p1"), epoch: 1, .failed("why")))
        log.apply(Self.commands[7])
        log.apply(.deploy("h", on: ["w2", nil]))
        log.apply(.connector("c", .create))
        log.apply(.connector("d", .create))
        for command in Self.commands.suffix(10) { log.apply(command) }
        let spec = ClusterState.GroupSpec(name: "g", pipelines: [.init(name: "p1", source: "t")])
        log.apply(.updateGroup(Command.UpdateGroup(group: "g", generation: 3, spec: spec, workers: [])))
        let p1 = PlacementKey(group: "h", pipeline: "p1")
        log.apply(.migrate("m", p1, from: log.state.placement(p1)?.epoch.rawValue ?? 0, to: "w1"))
        log.apply(.advance("m", .checkpointing, .deploying))
        log.apply(.advance("m", .deploying, .failed("why")))
        log.apply(.migrate("n", p1, from: log.state.placement(p1)?.epoch.rawValue ?? 0, to: "w2", .rebalance))
        log.apply(.drain("w2", deadline: 1 << 41))
        log.apply(.key("k", .operator))
        log.apply(.register("w1", key: "k"))
        log.apply(Submission(.openSession))
        let stamp = SessionStamp(session: SessionID(log.index), sequence: 4, lowest: 4)
        log.apply(Submission(.command(.deleteConnector("d")), token: CommandToken(.session(stamp))))
        for submission in Self.submissions { log.apply(submission) }
        return log.state
    }()

    @Test("the documented example")
    func example() throws {
        #expect(Command.deregister("w1").encoded() == [0x01, 0x02, 0x02, 0x77, 0x31, 0x00])
        #expect(
            ClusterState().encoded() == Array("VPCS".utf8) + [4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 17, 1]
                + [UInt8](repeating: 0, count: 16)
        )
        #expect(ClusterState().digest == 0x5482_b8fb_f01f_7b57)
    }

    @Test("every command and every response reads back as itself")
    func roundTrips() throws {
        for command in Self.commands { #expect(try Command(decoding: command.encoded()) == command) }
        for response in Self.responses { #expect(try Response(decoding: response.encoded()) == response) }
        for submission in Self.submissions {
            #expect(try Submission(decoding: submission.encoded()) == submission)
        }
        let bare = Command.deregister("w1")
        #expect(Submission(.command(bare)).encoded() == bare.encoded())
        let state = Self.state
        #expect(
            state.workerCount > 1 && state.groupCount > 1 && !state.connectors.isEmpty
                && state.migrations.count == 2 && state.migrationCountUnderWay == 1,
            "\(state.encoded().count) bytes"
        )
        let read = try ClusterState(decoding: state.encoded())
        #expect(read.encoded() == state.encoded())
        #expect(read.digest == state.digest)
        #expect(read.migrations == state.migrations && read.migrationsUnderWay == state.migrationsUnderWay)
        #expect(read.keys == state.keys && read.keysIndex == state.keysIndex)
        #expect(read.scalingPolicy == state.scalingPolicy && read.settings == state.settings)
        #expect(read.workers == state.workers && read.groups == state.groups && read.connectors == state.connectors)
    }

    @Test("every cut of a valid encoding is refused")
    func truncation() {
        func expectCutsRefused(_ bytes: [UInt8], _ decode: ([UInt8]) throws -> Void) {
            for length in bytes.indices {
                #expect(throws: DecodingFailure.self) { try decode(Array(bytes[..<length])) }
            }
            #expect(throws: DecodingFailure.self) { try decode(bytes + [0]) }
        }
        for command in Self.commands { expectCutsRefused(command.encoded()) { _ = try Command(decoding: $0) } }
        for response in Self.responses { expectCutsRefused(response.encoded()) { _ = try Response(decoding: $0) } }
        for submission in Self.submissions {
            expectCutsRefused(submission.encoded()) { _ = try Submission(decoding: $0) }
        }
        expectCutsRefused(Self.state.encoded()) { _ = try ClusterState(decoding: $0) }
    }

    @Test("every flipped bit is refused or makes another value, never one with two encodings")
    func flips() {
        for command in Self.commands { self.expectCanonicalWhenFlipped(command.encoded(), self.recode(command:)) }
        for response in Self.responses { self.expectCanonicalWhenFlipped(response.encoded(), self.recode(response:)) }
        for submission in Self.submissions {
            self.expectCanonicalWhenFlipped(submission.encoded(), self.recode(submission:))
        }
        self.expectCanonicalWhenFlipped(Self.state.encoded(), self.recode(state:))
    }

    @Test("random bytes are refused or make a value, never one with two encodings", arguments: [1, 2, 3] as [UInt64])
    func noise(seed: UInt64) {
        var random = Seeded(seed)
        var read = 0
        for round in 0..<20_000 {
            let count = Int.random(in: 0..<40, using: &random)
            // Small bytes are likelier lengths and tags than large ones.
            let top: UInt8 = round.isMultiple(of: 2) ? 255 : 4
            var bytes = (0..<count).map { _ in UInt8.random(in: 0...top, using: &random) }
            if !round.isMultiple(of: 5), count > 0 { bytes[0] = 1 }
            for recode in [self.recode(command:), self.recode(response:)] {
                guard let again = recode(bytes) else { continue }
                read += 1
                #expect(again == bytes)
            }
            let submission = [2] + bytes
            if let again = self.recode(submission: submission) { #expect(again == submission) }
            let state = Array("VPCS".utf8) + [3] + bytes
            if let again = self.recode(state: state) { #expect(again == state) }
        }
        #expect(read > 0)
    }

    @Test(
        "what is hostile is refused for what it is",
        arguments: [
            ([], "truncated"), ([2, 1], "unknown"), ([1, 99], "unknown"),
            // A text that claims 2^63 bytes, and a number of more than 64 bits.
            ([1, 9, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], "truncated"),
            ([1, 9, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02], "invalid"),
            // A longer form of 0, bytes that are no UTF-8, one byte too many.
            ([1, 9, 0x80, 0x00], "invalid"), ([1, 9, 1, 0xFF], "invalid"), ([1, 9, 0, 0], "trailing"),
            // 2^40 pipelines.
            ([1, 4, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20], "truncated"),
        ] as [([UInt8], String)]
    )
    func hostile(bytes: [UInt8], code: String) {
        let failure = #expect(throws: DecodingFailure.self) { try Command(decoding: bytes) }
        #expect(failure?.code.rawValue == code)
    }

    @Test("a state that no commands could have made is refused")
    func inconsistent() {
        var log = Log.withWorkers(1)
        log.apply(.deploy("g", on: ["w1"]))
        let bytes = log.state.encoded()
        // Rename the worker behind its placement's back: the first `w1` is the worker, the last the placement's.
        var renamed = bytes
        renamed[bytes.lastIndex(of: UInt8(ascii: "w"))!] = UInt8(ascii: "v")
        #expect(throws: DecodingFailure.self) { try ClusterState(decoding: renamed) }
        #expect(throws: DecodingFailure.self) { try ClusterState(decoding: Array("VPCX".utf8) + bytes.dropFirst(4)) }
        var newer = bytes
        newer[4] = 5
        let failure = #expect(throws: DecodingFailure.self) { try ClusterState(decoding: newer) }
        #expect(failure?.message == "states of version 5 are not known here")
    }

    private func expectCanonicalWhenFlipped(_ bytes: [UInt8], _ recode: ([UInt8]) -> [UInt8]?) {
        for index in bytes.indices {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[index] ^= 1 << UInt8(bit)
                if let again = recode(flipped), again != flipped { Issue.record("bit \(bit) of byte \(index)") }
            }
        }
    }

    // Refusal is one of the two right answers here, so the error itself does not matter.
    private func recode(command bytes: [UInt8]) -> [UInt8]? { try? Command(decoding: bytes).encoded() }
    private func recode(response bytes: [UInt8]) -> [UInt8]? { try? Response(decoding: bytes).encoded() }
    private func recode(submission bytes: [UInt8]) -> [UInt8]? { try? Submission(decoding: bytes).encoded() }
    private func recode(state bytes: [UInt8]) -> [UInt8]? { try? ClusterState(decoding: bytes).encoded() }
}
