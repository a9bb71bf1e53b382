extension BatchPipeline {
    /// How many zeros have to stand behind the bytes given to `take`, or behind what follows them in memory.
    public static let paddingBytes = RowReader.paddingBytes

    /// Processes the events in the whole lines that `bytes` begin with, and calls `output` after each batch.
    ///
    /// - Parameters:
    ///   - reader: Keeps the file's state between calls.
    ///   - isLast: Nothing follows, so a last line needs no newline.
    ///   - rejected: Called with each line that holds no event; they are passed over.
    /// - Returns: How many bytes the lines have. Give the rest again, with what follows.
    public func take(
        _ bytes: UnsafeBufferPointer<UInt8>,
        reader: inout EventFileReader,
        isLast: Bool,
        rejected: (RejectedLine) throws -> Void,
        output: (BatchPipeline) throws -> Void
    ) throws -> Int {
        guard let start = bytes.baseAddress else { return 0 }
        var lines = LineSource(start, 0..<bytes.count, isLast: isLast)
        repeat {
            try lines.fill(self.batch, reader: &reader, rejected: rejected)
            if self.batch.count == 0 { break }
            self.run()
            defer { self.clear() }
            try output(self)
        } while true
        return lines.position
    }

    /// Makes the batch out of the first lines of `bytes`, which must all hold events, without running it.
    public func fill(from bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return }
        var lines = LineSource(start, 0..<bytes.count, isLast: true)
        var reader = EventFileReader()
        lines.fill(self.batch, reader: &reader) { preconditionFailure($0.error.message) }
    }

    /// Appends a line for each event that the batch emits, as `EventEncoder.outputLine` writes it, with its newline.
    public func appendOutputLines(to bytes: inout [UInt8]) {
        self.writer.clear()
        self.emitted.forEach { list, row in self.writer.writeLine(row, list.frame, rank: list.rank) }
        bytes.append(contentsOf: UnsafeBufferPointer(start: self.writer.bytes.base, count: self.writer.bytes.count))
    }
}
