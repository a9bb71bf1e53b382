/// What a batch emits: for each `.emit` that was met the rows that came there.
struct EmittedRows {
    struct List {
        let frame: Frame
        /// Where it stands in the order in which a single event meets the program's `.emit`s.
        let rank: Int
        fileprivate var next = 0

        init(_ frame: Frame, rank: Int) {
            self.frame = frame
            self.rank = rank
        }
    }

    private(set) var lists: [List] = []
    private(set) var count = 0

    mutating func add(_ frame: Frame, rank: Int) {
        self.lists.append(List(frame, rank: rank))
        self.count += frame.selection.count
    }

    /// After the last: puts the lists in order.
    mutating func close() {
        if self.lists.count > 1 { self.lists.sort { $0.rank < $1.rank } }
    }

    mutating func clear() {
        self.lists.removeAll(keepingCapacity: true)
        self.count = 0
    }

    /// Calls `body` for each in the order in which single events would have emitted it: by row, then by list.
    func forEach(_ body: (List, Int) throws -> Void) rethrows {
        if self.lists.count == 1, let list = self.lists.first {
            for place in 0..<list.frame.selection.count { try body(list, list.frame.selection.row(place)) }
            return
        }
        var lists = self.lists
        while true {
            var row = Int.max
            for list in lists where list.next < list.frame.selection.count {
                row = min(row, list.frame.selection.row(list.next))
            }
            if row == .max { return }
            for index in lists.indices {
                let selection = lists[index].frame.selection
                guard lists[index].next < selection.count, selection.row(lists[index].next) == row else {
                    continue
                }
                try body(lists[index], row)
                lists[index].next += 1
            }
        }
    }
}
