extension EventFileReader {
    /// What it knows of the lines so far, to go on with those that follow.
    public var saved: [UInt8] {
        var writer = StateWriter()
        writer.write(count: self.line)
        writer.write(self.offset)
        writer.write(byte: (self.hasBatch ? 1 : 0) | (self.isInRefusedLine ? 2 : 0))
        for count in [self.cuts.strings, self.cuts.arrays, self.cuts.nested, self.cuts.events] { writer.write(count) }
        return writer.bytes
    }

    public init(restoring saved: [UInt8]) throws(CheckpointError) {
        var reader = StateReader(saved)
        self.init()
        self.line = Int(try reader.tally())
        self.offset = try reader.signed()
        let flags = try reader.byte()
        self.hasBatch = flags & 1 != 0
        self.isInRefusedLine = flags & 2 != 0
        self.cuts.strings = try reader.tally()
        self.cuts.arrays = try reader.tally()
        self.cuts.nested = try reader.tally()
        self.cuts.events = try reader.tally()
        try reader.finish()
    }

    /// The same reader before another file: lines are counted from the first again, times are those of the last `BATCH`.
    public mutating func beginFile() {
        self.line = 0
        self.isInRefusedLine = false
    }
}
