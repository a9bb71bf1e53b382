import RaftSessions
import Testing

@testable import ClusterState

@Suite("Connectors in order")
struct ConnectorOrderTests {
    /// Names that differ early, late, beyond the words they are compared by, or only in how long they are.
    private static let names: [String] =
        ["a", "a\0", "aa", "b", "\u{e9}", "abcdefghijklmno", "abcdefghijklmnop", "abcdefghijklmnop\0"]
        + ["abcdefghijklmnopq", "abcdefghijklmnopqa", "abcdefghijklmnopb", "abcdefgh", "abcdefgh\0\0"]
        + (0..<300).map { "c\($0)" } + (0..<30).map { "a long name with a number \($0)" }

    private static func state(host: String) -> ClusterState {
        var log = Log()
        for name in Self.names { log.apply(.connector(name, .create, host: host)) }
        return log.state
    }

    @Test("they are in the order of their names' bytes")
    func order() {
        let sorted = Self.names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(Self.state(host: "h").connectors.map(\.name.rawValue) == sorted)
    }

    @Test("many are read back from a snapshot as they were", arguments: [1, 300, 20_000])
    func blocks(length: Int) throws {
        let state = Self.state(host: String(repeating: "h", count: length))
        let read = try ClusterState(decoding: state.encoded())
        #expect(read.connectors == state.connectors)
        #expect(read.connector("c299") == state.connector("c299"))
        #expect(read.encoded() == state.encoded())
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
