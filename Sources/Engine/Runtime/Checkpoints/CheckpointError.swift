/// Why a checkpoint cannot be read, or not be restored into a program.
public struct CheckpointError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        /// Its bytes are not those that were written.
        public static let damaged = Code(rawValue: "damaged")
        /// A later version of the format, or none at all.
        public static let unknownFormat = Code(rawValue: "unknown_format")
        /// The program remembers something else than the one that it was taken of.
        public static let programChanged = Code(rawValue: "program_changed")
    }

    public let code: Code
    /// A sentence.
    public let message: String

    public var description: String { self.message }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static func malformed(_ what: String) -> CheckpointError {
        CheckpointError(.damaged, "the checkpoint is damaged: \(what)")
    }
}
