/// The operations that have no place yet, and which of them may come next: those called before the first of the
/// remaining returns.
///
/// Two doubly linked rings in order of time: calls and returns of the operations with an answer, and calls of those
/// without, for which nothing ever has to wait. What was taken out still knows its neighbours, so putting back in the
/// reverse order of taking out needs no search (Knuth's dancing links).
///
/// Three operations: 0 from 10 to 40, 1 from 20 to 30, 2 called at 25 without an answer. The rings are
/// `call 0, call 1, return 1, return 0` and `call 2`. All may come next, since the first return is at 30; with 0 taken out
/// the first ring is `call 1, return 1`.
struct Remaining {
    /// A walk over the candidates. It stays good while the same operations are out.
    typealias Cursor = Int

    let isAnswered: [Bool]
    /// How many operations with an answer remain.
    private(set) var count: Int
    /// Nodes: operation `n` is called at node `n` and returns at `operations + n`; then come the heads of the rings.
    private var next: [Int]
    private var previous: [Int]
    /// When a node comes, as a rank among all.
    private var rank: [Int]
    /// The node of the first return, or the head of its ring.
    private var firstReturn: Int

    private var operations: Int { self.isAnswered.count }
    private var answeredHead: Int { 2 * self.operations }
    private var unansweredHead: Int { 2 * self.operations + 1 }

    /// `times` holds, for each operation, its call and its return.
    init(_ times: [(called: UInt64, returned: UInt64?)]) {
        self.isAnswered = times.map { $0.returned != nil }
        self.count = self.isAnswered.count { $0 }
        self.next = Array(0..<2 * times.count + 2)
        self.previous = self.next
        self.rank = Array(repeating: .max, count: 2 * times.count + 2)
        self.firstReturn = 2 * times.count
        var nodes = times.indices.map { (time: times[$0].called, node: $0) }
        for (number, operation) in times.enumerated() {
            if let returned = operation.returned { nodes.append((returned, times.count + number)) }
        }
        // At one moment calls come before returns, as their nodes do.
        nodes.sort { ($0.time, $0.node) < ($1.time, $1.node) }
        for (rank, (_, node)) in nodes.enumerated() {
            let isAnswered = self.isAnswered[node < times.count ? node : node - times.count]
            let head = isAnswered ? self.answeredHead : self.unansweredHead
            self.rank[node] = rank
            self.previous[node] = self.previous[head]
            self.next[node] = head
            self.link(node)
        }
        self.firstReturn = self.returnNode(from: self.next[self.answeredHead])
    }

    /// The operation with an answer that returns first, and when.
    var mostUrgent: (operation: Int, rank: Int) {
        precondition(self.count > 0, "some operation waits for its place")
        return (self.firstReturn - self.operations, self.rank[self.firstReturn])
    }

    // MARK: Candidates

    var candidates: Cursor { self.next[self.answeredHead] }

    /// The next candidate: first those with an answer, then those without.
    func candidate(_ cursor: inout Cursor) -> Int? {
        if cursor == self.firstReturn { cursor = self.next[self.unansweredHead] }
        let operation = cursor
        guard operation < self.operations, self.rank[operation] < self.rank[self.firstReturn] else { return nil }
        cursor = self.next[operation]
        return operation
    }

    // MARK: Taking out

    /// Takes an operation out. It must be put back before those that were taken out earlier.
    mutating func remove(_ operation: Int) {
        self.unlink(operation)
        guard self.isAnswered[operation] else { return }
        self.count -= 1
        let end = self.operations + operation
        self.unlink(end)
        if end == self.firstReturn { self.firstReturn = self.returnNode(from: self.next[end]) }
    }

    mutating func restore(_ operation: Int) {
        if self.isAnswered[operation] {
            self.count += 1
            let end = self.operations + operation
            self.link(end)
            if self.rank[end] < self.rank[self.firstReturn] { self.firstReturn = end }
        }
        self.link(operation)
    }

    /// The first return from a node on.
    private func returnNode(from node: Int) -> Int {
        var node = node
        while node < self.operations { node = self.next[node] }
        return node
    }

    private mutating func unlink(_ node: Int) {
        self.next[self.previous[node]] = self.next[node]
        self.previous[self.next[node]] = self.previous[node]
    }

    private mutating func link(_ node: Int) {
        self.next[self.previous[node]] = node
        self.previous[self.next[node]] = node
    }
}
