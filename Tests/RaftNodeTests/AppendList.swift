import Raft
import RaftCore

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
}
