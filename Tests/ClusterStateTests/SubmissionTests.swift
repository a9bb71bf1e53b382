import RaftSessions
import Testing

@testable import ClusterState

@Suite("Commands that take effect once")
struct SubmissionTests {
    private static func numbered(_ session: SessionID, _ sequence: UInt64, lowest: UInt64 = 0) -> CommandToken {
        CommandToken(.session(SessionStamp(session: session, sequence: sequence, lowest: lowest)))
    }

    private static func stamp(_ key: UInt64, fingerprint: UInt64 = 1) -> KeyStamp {
        KeyStamp(key: Digest128(high: key, low: 0), fingerprint: Digest128(high: fingerprint, low: 0))
    }

    private static func session(in log: inout Log) throws -> SessionID {
        guard case .applied(let receipt) = log.apply(Submission(.openSession)), case .session(let id) = receipt.response
        else { throw Missing() }
        #expect(id.rawValue == log.index)
        return id
    }

    private struct Missing: Error {}

    private static func applied(_ response: Response, _ answer: KeptAnswer? = nil, repeated: Bool = false) -> Outcome {
        .applied(.init(response: response, answer: answer, isRepeated: repeated))
    }

    @Test("a repeated command answers as it did the first time, whatever has happened since")
    func repeated() throws {
        var log = Log()
        let session = try Self.session(in: &log)
        log.apply(.connector("c", .create))
        let delete = Submission(.command(.deleteConnector("c")), token: Self.numbered(session, 1))
        #expect(log.apply(delete) == Self.applied(.done))
        log.apply(.connector("c", .create))
        #expect(log.apply(delete) == Self.applied(.done, repeated: true))
        #expect(log.state.connector("c") != nil)
        // Without a token it is carried out as often as it is there.
        #expect(log.apply(Submission(.command(.deleteConnector("c")))) == Self.applied(.done))
        #expect(
            log.apply(Submission(.command(.deleteConnector("c"))))
                == Self.applied(.refused(.connectorNotFound("c")))
        )
    }

    @Test("a refusal is remembered like any other answer")
    func refusalRemembered() throws {
        var log = Log()
        let session = try Self.session(in: &log)
        let delete = Submission(.command(.deleteConnector("c")), token: Self.numbered(session, 1))
        #expect(log.apply(delete) == Self.applied(.refused(.connectorNotFound("c"))))
        log.apply(.connector("c", .create))
        #expect(log.apply(delete) == Self.applied(.refused(.connectorNotFound("c")), repeated: true))
        #expect(log.state.connector("c") != nil)
    }

    @Test("a command that is rejected changes nothing but the index and the time")
    func rejections() throws {
        var log = Log()
        log.apply(.connector("c", .create))
        let session = try Self.session(in: &log)
        log.apply(Submission(.mark, token: Self.numbered(session, 5, lowest: 5)))
        let late = Submission(.command(.deleteConnector("c")), token: Self.numbered(session, 4))
        #expect(log.apply(late) == .rejected(.alreadyAnswered))
        let stranger = Submission(.command(.deleteConnector("c")), token: Self.numbered(SessionID(77), 1))
        #expect(log.apply(stranger) == .rejected(.unknownSession))
        log.apply(Submission(.mark, token: CommandToken(.key(Self.stamp(1)))))
        let other = CommandToken(.key(Self.stamp(1, fingerprint: 2)))
        #expect(log.apply(Submission(.command(.deleteConnector("c")), token: other)) == .rejected(.keyConflict))
        #expect(log.state.connector("c") != nil)
        #expect(log.state.appliedIndex == log.index)
    }

    @Test("an entry that was applied already is not applied again, token or not")
    func oldIndex() throws {
        var log = Log()
        let session = try Self.session(in: &log)
        let again = log.state.apply(
            Submission(.mark, token: Self.numbered(session, 1)),
            index: log.index,
            time: 0
        )
        #expect(again == Self.applied(.refused(.alreadyApplied(log.index))))
    }

    @Test("a named request keeps the answer of the command that was not refused")
    func answers() {
        var log = Log()
        let answer = KeptAnswer(status: 200, body: Array("{}".utf8))
        func delete(_ key: UInt64) -> Submission {
            Submission(.command(.deleteConnector("c")), token: CommandToken(.key(Self.stamp(key))), answer: answer)
        }
        #expect(log.state.memory(of: Self.stamp(1)) == .nothing)
        #expect(log.apply(delete(1)) == Self.applied(.refused(.connectorNotFound("c"))))
        #expect(log.state.memory(of: Self.stamp(1)) == .begun)
        #expect(log.state.memory(of: Self.stamp(1, fingerprint: 2)) == .conflict)
        let refused = KeptAnswer(status: 404, body: [1])
        let last = CommandToken(.key(Self.stamp(1)), part: .max)
        #expect(log.apply(Submission(.mark, token: last, answer: refused)) == Self.applied(.done, refused))
        // Whoever comes second with an answer gets the first one.
        #expect(
            log.apply(Submission(.mark, token: last, answer: answer)) == Self.applied(.done, refused, repeated: true)
        )
        #expect(log.state.memory(of: Self.stamp(1)) == .answered(refused))

        log.apply(.connector("c", .create))
        #expect(log.apply(delete(2)) == Self.applied(.done, answer))
        #expect(log.apply(delete(2)) == Self.applied(.done, answer, repeated: true))
        #expect(log.state.memory(of: Self.stamp(2)) == .answered(answer))
    }

    @Test("what was answered is still known after a snapshot, and the copy goes on alike")
    func snapshot() throws {
        var log = Log()
        let session = try Self.session(in: &log)
        log.apply(.connector("c", .create))
        let delete = Submission(.command(.deleteConnector("c")), token: Self.numbered(session, 1))
        log.apply(delete)
        log.apply(.connector("c", .create))
        var copy = try ClusterState(decoding: log.state.encoded())
        let index = log.index + 1
        let outcome = copy.apply(delete, index: index, time: index * 1000)
        #expect(outcome == Self.applied(.done, repeated: true))
        #expect(log.apply(delete) == outcome)
        #expect(copy.encoded() == log.state.encoded())
        #expect(copy.digest == log.state.digest)
    }

    @Test("a session table that does not fit its state is refused")
    func strangeTable() throws {
        var log = Log()
        _ = try Self.session(in: &log)
        let bytes = log.state.encoded()
        // The table's own time, and the session's id, in the fields of fixed width behind everything else.
        for place in [bytes.count - 4 - 20 - 8 - 4 - 1, bytes.count - 4 - 20 - 1] {
            var damaged = bytes
            damaged[place] &+= 1
            #expect(throws: DecodingFailure.self) { try ClusterState(decoding: damaged) }
        }
    }
}
