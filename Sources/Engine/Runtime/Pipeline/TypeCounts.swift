/// How many events came of each type that a program reads, and how many of all others.
public struct TypeCounts: Hashable, Sendable {
    /// In the order of `Plan.inputTypes`; the others come last.
    public private(set) var counts: [UInt64]

    /// - Parameter typeCount: How many types the program reads.
    public init(typeCount: Int) { self.counts = Array(repeating: 0, count: typeCount + 1) }

    /// - Parameter type: A type's number, or any that is too large for the others.
    mutating func add(type: Int) { self.counts[min(type, self.counts.count - 1)] += 1 }

    /// Takes the numbers of another, which counts from zero again.
    public mutating func take(from other: inout TypeCounts) {
        for place in self.counts.indices {
            self.counts[place] += other.counts[place]
            other.counts[place] = 0
        }
    }
}

extension Plan {
    /// The types of events that the program reads, in the order of `TypeCounts`.
    public var inputTypes: [String] { self.routes.keys.sorted() }
}
