/// What is said of a worker, such as `zone: a`, or asked of one. Ordered by key; each key once.
public struct Labels: Hashable, Sendable {
    public static let countMax = 32
    public static let keyBytesMax = 64
    public static let valueBytesMax = 256

    public typealias Text = Identifier<Labels>

    public struct Item: Hashable, Sendable {
        public var key: Text
        public var value: Text
    }

    public let items: [Item]

    public init(_ items: [String: String] = [:]) {
        self.items = items.map { Item(key: Text($0.key), value: Text($0.value)) }.sorted { $0.key < $1.key }
    }

    /// `items` have rising keys.
    init(ordered items: [Item]) { self.items = items }

    public subscript(key: Text) -> Text? { self.items.first { $0.key == key }?.value }

    /// Whether all of `required` are among these, with the same values.
    public func include(_ required: Labels) -> Bool {
        required.items.allSatisfy { self[$0.key] == $0.value }
    }

    /// What is wrong with them, as a sentence.
    public var fault: String? {
        if self.items.count > Self.countMax { return "there must not be more than \(Self.countMax) labels" }
        for item in self.items {
            guard (1...Self.keyBytesMax).contains(item.key.rawValue.utf8.count) else {
                return "the key of a label must have 1 to \(Self.keyBytesMax) bytes"
            }
            guard item.value.rawValue.utf8.count <= Self.valueBytesMax else {
                return "the value of label \(item.key) must not have more than \(Self.valueBytesMax) bytes"
            }
        }
        return nil
    }
}

extension Labels: ExpressibleByDictionaryLiteral, CustomStringConvertible {
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }

    /// `rack=7, zone=a`.
    public var description: String { self.items.map { "\($0.key)=\($0.value)" }.joined(separator: ", ") }
}
