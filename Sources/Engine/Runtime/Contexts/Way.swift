/// Where an event stands among all that follow from one event of the input.
///
/// A pipeline takes what follows from an event breadth first: the results of the streams that read it, then the results of
/// those that read these, and so on, each level in the order of the one before. So an event's place is told by the results
/// on the way to it: the shorter way comes first, and of two that are as long, the one whose first difference is smaller.
/// Contexts agree on these places without talking to each other.
struct Way: Comparable, Sendable {
    /// For each result the stream that gave it, and which of the results of that one it was.
    private var results: [UInt64] = []

    init() {}

    /// How many streams have made the event.
    var depth: Int { self.results.count }

    func appending(stream: Int, result: Int) -> Way {
        var way = self
        way.results.append(UInt64(stream) << 32 | UInt64(truncatingIfNeeded: result))
        return way
    }

    func appending(_ other: Way) -> Way {
        if self.results.isEmpty { return other }
        var way = self
        way.results += other.results
        return way
    }

    static func < (left: Way, right: Way) -> Bool {
        if left.results.count != right.results.count { return left.results.count < right.results.count }
        return left.results.lexicographicallyPrecedes(right.results)
    }
}

/// An event on its way to another context.
package struct ContextArrival: Sendable {
    /// Under the name by which streams read it.
    var event: Event
    /// Which event of the round it follows from, by its row; in rounds without events, the place of the stream that gave
    /// what it held.
    let origin: Int
    let way: Way

    /// In the order of one thread.
    static func precedes(_ left: ContextArrival, _ right: ContextArrival) -> Bool {
        left.origin != right.origin ? left.origin < right.origin : left.way < right.way
    }
}

extension [ContextArrival] {
    /// What comes from all sources, in the order of one thread.
    init(merging sources: [[ContextArrival]]) {
        self = sources.filter { !$0.isEmpty }.count == 1 ? sources.first { !$0.isEmpty } ?? [] : sources.flatMap(\.self)
        let isSorted = zip(self, self.dropFirst()).allSatisfy { !ContextArrival.precedes($1, $0) }
        if !isSorted { self.sort(by: ContextArrival.precedes) }
    }
}
