/// Named values in the order of their insertion: the fields of an event, or a map.
///
/// Events have few fields, and a scan over them is faster than hashing; maps from outside may have many, so from 16
/// entries on an index by name is kept.
public struct Fields: Sendable {
    public struct Entry: Sendable {
        public let name: String
        public var value: Value
    }

    public private(set) var entries: [Entry] = []
    private var index: [ExactText: Int]?

    private static let scanMax = 16

    public init() {}

    public init(_ entries: some Sequence<(String, Value)>) {
        for (name, value) in entries { self[name] = value }
    }

    public var count: Int { self.entries.count }
    public var isEmpty: Bool { self.entries.isEmpty }

    /// The value of that name. Setting keeps the place of an entry that exists; setting nil removes it.
    public subscript(name: String) -> Value? {
        get { self.position(of: name).map { self.entries[$0].value } }
        set {
            guard let newValue else { return self.remove(name) }
            if let position = self.position(of: name) {
                self.entries[position].value = newValue
            } else {
                self.append(Entry(name: name, value: newValue))
            }
        }
    }

    mutating func reserveCapacity(_ count: Int) { self.entries.reserveCapacity(count) }

    private func position(of name: String) -> Int? {
        if let index = self.index { return index[ExactText(name)] }
        for position in self.entries.indices where self.entries[position].name.isExactly(name) { return position }
        return nil
    }

    private mutating func append(_ entry: Entry) {
        self.entries.append(entry)
        if self.index != nil {
            self.index?[ExactText(entry.name)] = self.entries.count - 1
        } else if self.entries.count > Self.scanMax {
            self.rebuildIndex()
        }
    }

    private mutating func remove(_ name: String) {
        guard let position = self.position(of: name) else { return }
        self.entries.remove(at: position)
        if self.index != nil { self.rebuildIndex() }
    }

    private mutating func rebuildIndex() {
        self.index =
            self.entries.count > Self.scanMax
            ? Dictionary(uniqueKeysWithValues: self.entries.enumerated().map { (ExactText($1.name), $0) }) : nil
    }
}

extension Fields: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, Value)...) { self.init(elements) }
}
