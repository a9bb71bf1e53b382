import Glibc

/// A directory or file of checkpoints that cannot be used.
public struct CheckpointFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the system says; 0 where it is not its business.
    public let code: Int32
    /// A sentence.
    public let message: String

    public var description: String { self.message }

    /// - Parameter what: What could not be done, such as `write`.
    static func system(_ what: String, _ path: String) -> CheckpointFailure {
        let code = errno
        let reason = strerror(code).map { String(cString: $0) } ?? "error \(code)"
        return CheckpointFailure(code: code, message: "cannot \(what) \(path): \(reason)")
    }
}
