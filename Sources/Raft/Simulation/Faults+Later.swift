import RaftCore

extension Faults {
    /// Draws what worlds were given later, from chance of its own: the rest of a seed stays what it was.
    mutating func drawLater(_ spare: inout SeededGenerator) {
        func draw(_ range: ClosedRange<UInt64>) -> UInt64 { UInt64.random(in: range, using: &spare) }
        if draw(0...99) < 30 {
            // Small snapshots, so that they come often, over thin links: before one is there, newer ones have been taken,
            // and the log wants to be cut.
            self.chunkBytes = draw(10...1_000)
            self.chunkTime = draw(20_000...500_000)
            self.settings.snapshotEntries = min(self.settings.snapshotEntries, Int(draw(5...100)))
            self.settings.trailingEntries = min(self.settings.trailingEntries, Int(draw(0...20)))
        } else if draw(0...99) < 15 {
            // Messages so late that elections overtake them.
            self.delaySpikes = max(self.delaySpikes, draw(50...200))
            self.delayMax = max(self.delayMax, draw(500_000...2_000_000))
        }
    }
}
