/// The summaries of the events in a window, and of all of them together: an event takes amortised constant time.
///
/// The queue is made of two stacks. An event is pushed on the first, and the summary of all of that is kept beside it. The
/// second gives the oldest event; there each entry is the summary of its own event and all that are below, which are
/// younger. When it is empty, the first is turned over onto it. With 1, 2, 3 pushed, one popped and 4 pushed, for sums:
///
///     pushed  4         together 4
///     popped  3, 5      together 5, all 9
struct SummaryQueue: Sendable {
    /// The kinds of an event's summaries.
    let kinds: [Summary.Kind]
    var pushed: [Summary] = []
    var pushedTogether: [Summary] = []
    var popped: [Summary] = []
    var count: Int { (self.pushed.count + self.popped.count) / self.kinds.count }

    /// - Parameter kinds: At least one.
    init(_ kinds: [Summary.Kind]) { self.kinds = kinds }

    /// Adds an event: a summary for each kind.
    mutating func append(_ summaries: [Summary]) {
        if self.pushed.isEmpty {
            self.pushedTogether = summaries
        } else {
            for (place, kind) in self.kinds.enumerated() {
                self.pushedTogether[place] = self.pushedTogether[place].followed(by: summaries[place], kind)
            }
        }
        self.pushed.append(contentsOf: summaries)
    }

    /// Forgets the oldest event, which there must be.
    mutating func removeFirst() {
        if self.popped.isEmpty { self.turnOver() }
        self.popped.removeLast(self.kinds.count)
    }

    /// The summary of all events, of which there must be one.
    func summary(_ place: Int) -> Summary {
        guard !self.popped.isEmpty else { return self.pushedTogether[place] }
        let older = self.popped[self.popped.count - self.kinds.count + place]
        return self.pushed.isEmpty ? older : older.followed(by: self.pushedTogether[place], self.kinds[place])
    }

    private mutating func turnOver() {
        self.popped.reserveCapacity(self.pushed.count)
        for start in stride(from: self.pushed.count - self.kinds.count, through: 0, by: -self.kinds.count) {
            let below = self.popped.count - self.kinds.count
            for (place, kind) in self.kinds.enumerated() {
                let summary = self.pushed[start + place]
                self.popped.append(below < 0 ? summary : summary.followed(by: self.popped[below + place], kind))
            }
        }
        self.pushed.removeAll(keepingCapacity: true)
    }
}

/// A queue in an array. What was removed from its front is forgotten when that is half of it.
struct ArrayQueue<Element: Sendable>: Sendable {
    private var elements: [Element] = []
    private var start = 0

    /// Those that are in the queue, the oldest first.
    var all: ArraySlice<Element> { self.elements[self.start...] }

    var first: Element? { self.start < self.elements.count ? self.elements[self.start] : nil }

    /// The element that has so many before it.
    subscript(place: Int) -> Element { self.elements[self.start + place] }

    mutating func append(_ element: Element) { self.elements.append(element) }

    mutating func removeFirst(_ count: Int) {
        self.start += count
        guard self.start * 2 >= self.elements.count else { return }
        self.elements.removeFirst(self.start)
        self.start = 0
    }
}

extension SummaryQueue {
    /// About what it takes in memory.
    var heldBytes: Int { (self.pushed.count + self.popped.count) * MemoryLayout<Summary>.stride }
}

extension ArrayQueue {
    /// About what it takes in memory, besides what its elements hold.
    var heldBytes: Int { self.elements.count * MemoryLayout<Element>.stride }
}
