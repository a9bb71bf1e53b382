import RaftSessions
import Testing

@testable import ClusterState

@Suite("The table of connectors")
struct ConnectorTableTests {
    /// Names that differ early, late, beyond the words they are compared by, or only in how long they are.
    private static let names: [String] =
        ["a", "a\0", "aa", "b", "\u{e9}", "abcdefghijklmno", "abcdefghijklmnop", "abcdefghijklmnop\0"]
        + ["abcdefghijklmnopq", "abcdefghijklmnopqa", "abcdefghijklmnopb", "abcdefgh", "abcdefgh\0\0"]
        + (0..<300).map { "c\($0)" } + (0..<30).map { "a long name with a number \($0)" }

    private static func log(host: String) -> Log {
        var log = Log()
        for name in Self.names { log.apply(.connector(name, .create, host: host)) }
        return log
    }

    private static func state(host: String) -> ClusterState { self.log(host: host).state }

    @Test("they are in the order of their names' bytes")
    func order() {
        let sorted = Self.names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(Self.state(host: "h").connectors.map(\.name.rawValue) == sorted)
    }

    @Test("many are read back from a snapshot as they were", arguments: [1, 300, 20_000])
    func readBack(length: Int) throws {
        let state = Self.state(host: String(repeating: "h", count: length))
        let read = try ClusterState(decoding: state.encoded())
        #expect(read.connectors == state.connectors)
        #expect(read.connector("c299") == state.connector("c299"))
        #expect(read.encoded() == state.encoded())
    }

    @Test("what a snapshot brought changes like what was there from the start", arguments: UInt64(1)...6)
    func changes(seed: UInt64) throws {
        var generator = Seeded(seed)
        var log = Self.log(host: "h")
        var restored = Log()
        restored.index = log.index
        restored.state = try ClusterState(decoding: log.state.encoded())
        for step in 0..<1_200 {
            let name = Self.names[Int.random(in: 0..<Self.names.count, using: &generator)]
            let command: Command =
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: .connector(name, .create, host: "\(step)")
                case 1: .connector("new" + name, .create, host: "\(step)")
                case 2: .connector(name, .update, host: "\(step)")
                default: .deleteConnector(.init(connector: ConnectorName(name)))
                }
            let response = restored.apply(command)
            let expected = log.apply(command)
            #expect(response == expected)
            #expect(restored.state.connector(ConnectorName(name)) == log.state.connector(ConnectorName(name)))
            if step % 100 == 0 || step < 20 { #expect(restored.state.encoded() == log.state.encoded()) }
        }
        #expect(restored.state.connectors == log.state.connectors)
        // Once more, from a snapshot of what has been changed since the last.
        restored.state = try ClusterState(decoding: restored.state.encoded())
        #expect(restored.state.encoded() == log.state.encoded())
    }

    @Test("all of a snapshot's connectors can go, one by one, and come again")
    func emptied() throws {
        var log = Self.log(host: "h")
        log.state = try ClusterState(decoding: log.state.encoded())
        for name in Self.names {
            let response = log.apply(.deleteConnector(.init(connector: ConnectorName(name))))
            #expect(response == .done)
        }
        #expect(log.state.connectors.isEmpty)
        #expect(log.state.connector("c7") == nil)
        for name in Self.names.reversed() { log.apply(.connector(name, .create, host: "again")) }
        #expect(log.state.connectors == Self.state(host: "again").connectors)
    }

    @Test("they are the same whatever memory they share, and independent of what becomes of it")
    func memory() throws {
        let command = Command.connector("a", .create)
        let answer = KeptAnswer(status: 201, body: [UInt8](repeating: 1, count: 4_000))
        let token = CommandToken(
            .key(KeyStamp(key: Digest128(high: 1, low: 1), fingerprint: Digest128(high: 1, low: 1)))
        )
        var log = Log()
        log.apply(Submission(.command(command), token: token, answer: answer))
        var other = Log()
        other.apply(try Command(decoding: command.encoded()))
        #expect(log.state.connectors == other.state.connectors)
        #expect(log.state.connectors.hashValue == other.state.connectors.hashValue)
        let reread = try Submission(decoding: Submission(.command(command), token: token, answer: answer).encoded())
        #expect(reread == Submission(.command(command), token: token, answer: answer))
    }
}
