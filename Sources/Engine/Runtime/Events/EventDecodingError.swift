/// Why a payload is no event.
public struct EventDecodingError: Error, Hashable, Sendable {
    /// The kind of refusal: few, so that they can be counted. New ones may be added.
    public struct Code: RawRepresentable, Hashable, Comparable, Sendable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// More bytes or fields than an event may have.
        public static let tooLarge = Code(rawValue: "too_large")
        /// It ends in the middle.
        public static let truncated = Code(rawValue: "truncated")
        /// Some text is not UTF-8.
        public static let notUTF8 = Code(rawValue: "not_utf8")
        /// It follows no notation.
        public static let malformed = Code(rawValue: "malformed")
        /// It is JSON, but no object.
        public static let wrongShape = Code(rawValue: "wrong_shape")
        /// An object that does not say of which type it is.
        public static let missingType = Code(rawValue: "missing_type")
        /// Values nested deeper than may be.
        public static let tooDeep = Code(rawValue: "too_deep")

        public static func < (left: Code, right: Code) -> Bool { left.rawValue < right.rawValue }
    }

    public let code: Code
    public let message: String
    /// The byte of the payload at which it was found.
    public let offset: Int
}

/// How many payloads or lines were refused, and why.
public struct RejectionCounts: Hashable, Sendable {
    private var counts: [EventDecodingError.Code: UInt64] = [:]

    public init() {}

    public mutating func add(_ code: EventDecodingError.Code) { self.counts[code, default: 0] += 1 }

    public static func += (left: inout RejectionCounts, right: RejectionCounts) {
        left.counts.merge(right.counts, uniquingKeysWith: +)
    }

    public var total: UInt64 { self.counts.values.reduce(0, +) }

    /// The kinds that occurred, in the order of their names.
    public var byCode: [(code: EventDecodingError.Code, count: UInt64)] {
        self.counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
