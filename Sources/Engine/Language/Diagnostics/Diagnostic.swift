/// One finding about a program: where it is, what is wrong, and what was probably meant.
public struct Diagnostic: Hashable, Sendable {
    /// An error prevents the program from being loaded, a warning does not.
    public enum Severity: String, Hashable, Sendable {
        case error
        case warning
    }

    /// The family a finding belongs to. New families may be added.
    public struct Kind: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        public static let syntax = Kind(rawValue: "syntax")
        public static let duplicate = Kind(rawValue: "duplicate")
        public static let order = Kind(rawValue: "order")
        public static let undefined = Kind(rawValue: "undefined")
        public static let type = Kind(rawValue: "type")
        public static let immutable = Kind(rawValue: "immutable")
        public static let arity = Kind(rawValue: "arity")
        public static let parameter = Kind(rawValue: "param")
        public static let unsupported = Kind(rawValue: "unsupported")
        public static let unused = Kind(rawValue: "unused")
        public static let value = Kind(rawValue: "value")
    }

    public let severity: Severity
    /// The stable code of the rule, such as `E030`; syntax errors have none.
    public let code: String?
    public let kind: Kind
    public let message: String
    public let hint: String?
    public let location: SourceLocation
    /// How many scalars of the line the finding covers, at least 1.
    public let length: Int

    public init(
        severity: Severity = .error,
        code: String? = nil,
        kind: Kind,
        message: String,
        hint: String? = nil,
        location: SourceLocation,
        length: Int = 1
    ) {
        self.severity = severity
        self.code = code
        self.kind = kind
        self.message = message
        self.hint = hint
        self.location = location
        self.length = max(1, length)
    }

    public var line: Int { self.location.line }
    public var column: Int { self.location.column }
    /// The column after the last one covered.
    public var endColumn: Int { self.location.column + self.length }
    public var isError: Bool { self.severity == .error }
}
