/// Where rows come from that do not lie in the row of the event that made them, as the matches of a sequence: one event
/// may complete many.
final class RowOrigin {
    /// Of the rows that the events lie in which made these; nil for those of the batch.
    let parent: RowOrigin?
    /// By row: the row of the event that made it.
    let rows: UnsafeMutablePointer<UInt16>
    /// By row: the row of the batch's event from which it all came.
    let inputRows: UnsafeMutablePointer<UInt16>
    /// How many origins there are up to the batch's rows.
    let level: Int
    /// The rank of the step that made the rows.
    let rank: Int
    /// Rows that are more than fit into one frame are in several; they are counted from 0.
    let part: Int

    init(
        _ parent: RowOrigin?,
        rows: UnsafeMutablePointer<UInt16>,
        inputRows: UnsafeMutablePointer<UInt16>,
        rank: Int,
        part: Int
    ) {
        self.parent = parent
        self.rows = rows
        self.inputRows = inputRows
        self.level = (parent?.level ?? 0) + 1
        self.rank = rank
        self.part = part
    }

    /// The origin at a level, not above its own, and the row there.
    func ancestor(at level: Int, of row: Int) -> (RowOrigin, row: Int) {
        var (origin, row) = (self, row)
        while origin.level > level, let parent = origin.parent {
            row = Int(origin.rows[row])
            origin = parent
        }
        return (origin, row)
    }
}

extension Frame {
    /// The row of the batch's event from which a row came.
    @inline(__always)
    func inputRow(_ row: Int) -> Int { self.origin.map { Int($0.inputRows[row]) } ?? row }
}

/// Goes through the rows of frames in the order in which single events would make them.
///
/// An event of the batch meets streams breadth first, so a row of few steps comes before one of more that has the same
/// input row. Of rows with as many steps those come first whose earlier results did; then the order of steps decides.
struct RowMerge {
    /// Frames of one rank, which follow each other.
    private struct Lane {
        let rank: Int
        var frames: Range<Int>
        /// The place in the first frame.
        var place = 0
    }

    private let frames: [Frame?]
    private var lanes: [Lane] = []

    /// - Parameter ranks: Of the frames, in ascending order. See `Ways.rank`.
    init(_ frames: [Frame?], ranks: [Int]) {
        self.frames = frames
        for (place, rank) in ranks.enumerated() where frames[place] != nil {
            if let last = self.lanes.last, last.rank == rank {
                self.lanes[self.lanes.count - 1].frames = last.frames.lowerBound..<place + 1
            } else {
                self.lanes.append(Lane(rank: rank, frames: place..<place + 1))
            }
        }
    }

    /// Calls `body` with the place of the frame and the row.
    mutating func forEach(_ body: (Int, Int) -> Void) {
        for lane in self.lanes.indices { self.skipEmpty(lane) }
        self.lanes.removeAll { $0.frames.isEmpty }
        while !self.lanes.isEmpty {
            var first = 0
            for lane in 1..<max(1, self.lanes.count) where self.isBefore(lane, first) { first = lane }
            let place = self.lanes[first].frames.lowerBound
            if let selection = self.frames[place]?.selection { body(place, selection.row(self.lanes[first].place)) }
            self.lanes[first].place += 1
            self.skipEmpty(first)
            if self.lanes[first].frames.isEmpty { self.lanes.remove(at: first) }
        }
    }

    /// Goes on to the next frame that has a row.
    private mutating func skipEmpty(_ lane: Int) {
        while let place = self.lanes[lane].frames.first,
            self.lanes[lane].place >= self.frames[place]?.selection.count ?? 0
        {
            self.lanes[lane].frames.removeFirst()
            self.lanes[lane].place = 0
        }
    }

    /// Whether the next row of one lane comes before that of another, which has a smaller rank unless it is behind.
    private func isBefore(_ one: Int, _ other: Int) -> Bool {
        let (a, b) = (self.lanes[one], self.lanes[other])
        guard let x = self.frames[a.frames.lowerBound], let y = self.frames[b.frames.lowerBound] else { return false }
        let (row, otherRow) = (x.selection.row(a.place), y.selection.row(b.place))
        let (input, otherInput) = (x.inputRow(row), y.inputRow(otherRow))
        if input != otherInput { return input < otherInput }
        let (depth, otherDepth) = (Ways.depth(ofRank: a.rank), Ways.depth(ofRank: b.rank))
        if depth != otherDepth { return depth < otherDepth }
        if let origin = x.origin, let otherOrigin = y.origin {
            for level in 1..<min(origin.level, otherOrigin.level) + 1 {
                let (made, madeRow) = origin.ancestor(at: level, of: row)
                let (otherMade, otherMadeRow) = otherOrigin.ancestor(at: level, of: otherRow)
                if made === otherMade {
                    if madeRow != otherMadeRow { return madeRow < otherMadeRow }
                } else if made.rank == otherMade.rank {
                    return made.part < otherMade.part
                } else {
                    break
                }
            }
        }
        return a.rank < b.rank
    }
}
