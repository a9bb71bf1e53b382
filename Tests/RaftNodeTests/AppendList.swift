import Raft
import RaftCore
import RaftStorage

/// A list of texts. Its answer to a command is how long the list has become.
struct AppendList: StateMachine {
    private(set) var items: [String] = []
    /// Lives as long as any copy of the state does.
    private let token: Token?

    final class Token: Sendable {}

    init(token: Token? = nil) { self.token = token }

    mutating func apply(_ payload: [UInt8], at index: LogIndex, time: LogTime) -> Int {
        self.items.append(String(decoding: payload, as: UTF8.self))
        return self.items.count
    }

    // MARK: Snapshots: each text with its length before it.

    func encode(into snapshot: inout SnapshotWriter) throws {
        for item in self.items {
            var bytes: [UInt8] = []
            withUnsafeBytes(of: UInt32(item.utf8.count).bigEndian) { bytes.append(contentsOf: $0) }
            try snapshot.write(bytes + Array(item.utf8))
        }
    }

    struct Malformed: Error {}

    init(restoring pieces: [[UInt8]]) throws {
        self.init()
        var bytes = Array(pieces.joined())[...]
        while !bytes.isEmpty {
            guard bytes.count >= 4 else { throw Malformed() }
            let length = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            bytes = bytes.dropFirst(4)
            guard bytes.count >= length else { throw Malformed() }
            self.items.append(String(decoding: bytes.prefix(length), as: UTF8.self))
            bytes = bytes.dropFirst(length)
        }
    }
}
