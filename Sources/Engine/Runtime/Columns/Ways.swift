/// What comes to a stream of one batch: a frame for each way to it, in the order in which a single event goes them, or
/// several that follow each other, where it is more than fits into one.
///
/// An operation that keeps state has to see events in the order of single events: by row, and within a row by way. Its
/// results stay on the ways on which they came.
struct Ways {
    var frames: [Frame?]
    /// For each frame where its step stands in the order in which a single event meets the program's steps.
    var ranks: [Int]

    /// - Parameters:
    ///   - depth: How many streams an event goes through before.
    ///   - step: The number of the step, of which there are fewer than 65,536.
    static func rank(depth: Int, step: Int) -> Int { depth << 32 | step << 16 }

    static func depth(ofRank rank: Int) -> Int { rank >> 32 }
    static func step(ofRank rank: Int) -> Int { rank >> 16 & 0xFFFF }

    var isEmpty: Bool { self.frames.allSatisfy { $0 == nil } }

    /// Calls `body` with the place of each event's way and its row.
    @inline(__always)
    func forEach(_ body: (Int, Int) -> Void) {
        if self.frames.count == 1, let frame = self.frames[0] {
            frame.selection.forEach { body(0, $0) }
            return
        }
        if self.frames.contains(where: { $0?.origin != nil }) {
            var merge = RowMerge(self.frames, ranks: self.ranks)
            return merge.forEach(body)
        }
        // A copy of a frame for each row would count references.
        let selections = self.frames.map { $0?.selection }
        var next = [Int](repeating: 0, count: selections.count)
        while true {
            var row = Int.max
            for way in selections.indices {
                guard let selection = selections[way], next[way] < selection.count else { continue }
                row = min(row, selection.row(next[way]))
            }
            if row == .max { return }
            for way in selections.indices {
                guard let selection = selections[way], next[way] < selection.count, selection.row(next[way]) == row
                else { continue }
                body(way, row)
                next[way] += 1
            }
        }
    }

    /// Drops the frames without rows.
    mutating func removeEmpty() {
        for way in self.frames.indices where self.frames[way]?.selection.count == 0 { self.frames[way] = nil }
    }

    /// Puts other frames in the place of these, whose rows lie where the rows of these do.
    mutating func replace(_ body: (Ways) -> Ways) {
        let before = self
        self = body(before)
        for way in self.frames.indices { self.frames[way]?.origin = before.frames[way]?.origin }
    }
}
