/// What operations of a batch give to the outside: for each operation and way that was met the rows that came there.
struct RankedRows<Payload> {
    struct List {
        let frame: Frame
        /// Where it stands in the order in which a single event meets the program's operations.
        let rank: Int
        let payload: Payload

        /// Of frames with one rank each is a part.
        fileprivate var part: Int { self.frame.origin?.part ?? 0 }
    }

    private(set) var lists: [List] = []
    private(set) var count = 0

    mutating func add(_ frame: Frame, rank: Int, _ payload: Payload) {
        self.lists.append(List(frame: frame, rank: rank, payload: payload))
        self.count += frame.selection.count
    }

    /// After the last: puts the lists in order.
    mutating func close() {
        if self.lists.count > 1 { self.lists.sort { ($0.rank, $0.part) < ($1.rank, $1.part) } }
    }

    mutating func clear() {
        self.lists.removeAll(keepingCapacity: true)
        self.count = 0
    }

    /// Calls `body` for each in the order in which single events would have given it: by row, then by list.
    func forEach(_ body: (List, Int) -> Void) {
        if self.lists.isEmpty { return }
        let ways = Ways(frames: self.lists.map(\.frame), ranks: self.lists.map(\.rank))
        ways.forEach { list, row in body(self.lists[list], row) }
    }
}
