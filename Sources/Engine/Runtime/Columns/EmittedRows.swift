/// What a batch emits: for each `.emit` that was met, in the order of the program's steps, the rows that came there.
struct EmittedRows {
    struct List {
        let frame: Frame
        let number: Int
        fileprivate var next = 0

        init(_ frame: Frame, number: Int) {
            self.frame = frame
            self.number = number
        }
    }

    private(set) var lists: [List] = []
    private(set) var count = 0

    mutating func add(_ frame: Frame) {
        self.lists.append(List(frame, number: self.lists.count))
        self.count += frame.selection.count
    }

    mutating func clear() {
        self.lists.removeAll(keepingCapacity: true)
        self.count = 0
    }

    /// Calls `body` for each in the order in which single events would have emitted it: by row, then by list.
    func forEach(_ body: (List, Int) throws -> Void) rethrows {
        if self.lists.count == 1, let list = self.lists.first {
            for place in 0..<list.frame.selection.count { try body(list, Int(list.frame.selection.rows[place])) }
            return
        }
        var lists = self.lists
        while true {
            var row = Int.max
            for list in lists where list.next < list.frame.selection.count {
                row = min(row, Int(list.frame.selection.rows[list.next]))
            }
            if row == .max { return }
            for index in lists.indices {
                let selection = lists[index].frame.selection
                guard lists[index].next < selection.count, Int(selection.rows[lists[index].next]) == row else {
                    continue
                }
                try body(lists[index], row)
                lists[index].next += 1
            }
        }
    }
}
