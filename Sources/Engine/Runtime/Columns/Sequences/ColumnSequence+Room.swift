/// What becomes of runs for which there is no memory or no time any more.
extension ColumnSequence {
    /// Where the stream holds as much as it may: whether a run of the partition may start nevertheless, because an old one
    /// ends for it.
    @inline(never)
    func makeRoom(for partition: UInt32) -> Bool {
        guard self.heldBytes >= self.budget.bytesPerStream else { return true }
        if self.budget.policy == .refuse {
            self.refused += 1
            return false
        }
        let hasRuns = self.partitions[partition].pointee.runCount > 0
        guard let place = hasRuns ? partition : self.nextWithRuns() else { return true }
        self.endWherever(self.oldest(of: place), of: place)
        self.evicted += 1
        return true
    }

    private func oldest(of partition: UInt32) -> UInt32 {
        var oldest: UInt32 = 0
        for position in 0..<self.positionCount {
            let first = self.partitions.lists(partition)[position].first
            guard first != 0 else { continue }
            if oldest == 0 || self.runs[first].pointee.number < self.runs[oldest].pointee.number { oldest = first }
        }
        return oldest
    }

    /// Goes round the partitions; nil if none has runs.
    private func nextWithRuns() -> UInt32? {
        for _ in 1..<self.partitions.numberEnd {
            let partition = self.evictedNext
            self.evictedNext = Int(partition) + 1 < self.partitions.numberEnd ? partition + 1 : 1
            guard self.partitions.isUsed(partition), self.partitions[partition].pointee.runCount > 0 else { continue }
            return partition
        }
        return nil
    }

    /// Ends the runs that would be too old at `time`. The time of partitions stays what it is.
    func expire(at time: Int64) {
        guard let within = self.within else { return }
        for number in 1..<self.partitions.numberEnd {
            let partition = UInt32(truncatingIfNeeded: number)
            guard self.partitions.isUsed(partition) else { continue }
            while true {
                let run = self.partitions[partition].pointee.earliest
                guard run != 0, self.runs[run].pointee.start.isBefore(time, minus: within) else { break }
                self.endWherever(run, of: partition)
            }
        }
    }

    /// Ends the runs of a partition but those that wait for their deadline: they are matches as soon as the partition's own
    /// time, or a clock, says so.
    @inline(never)
    func forgetRuns(of partition: UInt32) {
        var run = self.partitions[partition].pointee.earliest
        while run != 0 {
            let later = self.runs[run].pointee.later
            if !(self.waits && self.runs[run].pointee.isWaiting) { self.endWherever(run, of: partition) }
            run = later
        }
    }
}
