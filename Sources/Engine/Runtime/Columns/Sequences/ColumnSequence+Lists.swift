/// Runs and their lists.
extension ColumnSequence {
    /// Takes a run out of the list of its position.
    @inline(__always)
    func unlink(_ run: UInt32, at position: Int, of partition: UInt32) {
        let (previous, next) = (self.runs[run].pointee.previous, self.runs[run].pointee.next)
        let list = self.partitions.lists(partition) + position
        if previous != 0 { self.runs[previous].pointee.next = next } else { list.pointee.first = next }
        if next != 0 { self.runs[next].pointee.previous = previous } else { list.pointee.last = previous }
    }

    /// Forgets a run that is in no list of a position any more.
    @inline(__always)
    func end(_ run: UInt32, of partition: UInt32) {
        if self.within != nil { self.unlinkByTime(run, of: partition) }
        if self.hasHeavy { self.releaseAll(run) }
        self.partitions[partition].pointee.runCount -= 1
        self.runs.end(run)
    }

    /// Ends a run whose position is not known: only those at the ends of a list have to be looked for.
    @inline(never)
    func endWherever(_ run: UInt32, of partition: UInt32) {
        let (previous, next) = (self.runs[run].pointee.previous, self.runs[run].pointee.next)
        let lists = self.partitions.lists(partition)
        if previous != 0 {
            self.runs[previous].pointee.next = next
        } else {
            for position in 0..<self.positionCount where lists[position].first == run { lists[position].first = next }
        }
        if next != 0 {
            self.runs[next].pointee.previous = previous
        } else {
            for position in 0..<self.positionCount where lists[position].last == run { lists[position].last = previous }
        }
        self.end(run, of: partition)
    }

    /// Puts runs, linked with each other in the order of start, at a position.
    @inline(__always)
    func append(_ moved: ColumnPartitions.List, at position: Int, of partition: UInt32) {
        let list = self.partitions.lists(partition) + position
        let last = list.pointee.last
        if last == 0 {
            list.pointee = moved
        } else if self.runs[last].pointee.number < self.runs[moved.first].pointee.number {
            self.runs[last].pointee.next = moved.first
            self.runs[moved.first].pointee.previous = last
            list.pointee.last = moved.last
        } else {
            self.merge(moved, into: list)
        }
    }

    /// From the last on: the runs that are there already are seldom later.
    private func merge(_ moved: ColumnPartitions.List, into list: UnsafeMutablePointer<ColumnPartitions.List>) {
        var before = list.pointee.last
        var run = moved.last
        while run != 0 {
            let previous = run == moved.first ? 0 : self.runs[run].pointee.previous
            while before != 0, self.runs[before].pointee.number > self.runs[run].pointee.number {
                before = self.runs[before].pointee.previous
            }
            let after = before != 0 ? self.runs[before].pointee.next : list.pointee.first
            self.runs[run].pointee.previous = before
            self.runs[run].pointee.next = after
            if before != 0 { self.runs[before].pointee.next = run } else { list.pointee.first = run }
            if after != 0 { self.runs[after].pointee.previous = run } else { list.pointee.last = run }
            run = previous
        }
    }

    // MARK: - Runs by time

    /// Puts a run among those of its partition by its start time: at the end, unless events are out of order.
    @inline(__always)
    func linkByTime(_ run: UInt32, of partition: UInt32) {
        let start = self.runs[run].pointee.start
        let ends = self.partitions[partition]
        var earlier = ends.pointee.latest
        while earlier != 0, self.runs[earlier].pointee.start > start { earlier = self.runs[earlier].pointee.earlier }
        let later = earlier != 0 ? self.runs[earlier].pointee.later : ends.pointee.earliest
        self.runs[run].pointee.earlier = earlier
        self.runs[run].pointee.later = later
        if earlier != 0 { self.runs[earlier].pointee.later = run } else { ends.pointee.earliest = run }
        if later != 0 { self.runs[later].pointee.earlier = run } else { ends.pointee.latest = run }
    }

    @inline(__always)
    private func unlinkByTime(_ run: UInt32, of partition: UInt32) {
        let (earlier, later) = (self.runs[run].pointee.earlier, self.runs[run].pointee.later)
        let ends = self.partitions[partition]
        if earlier != 0 { self.runs[earlier].pointee.later = later } else { ends.pointee.earliest = later }
        if later != 0 { self.runs[later].pointee.earlier = earlier } else { ends.pointee.latest = earlier }
    }
}
