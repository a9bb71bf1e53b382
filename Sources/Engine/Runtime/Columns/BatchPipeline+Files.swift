#if canImport(Glibc)
    import Glibc
#endif

extension BatchPipeline {
    /// How many zeros have to stand behind the bytes given to `take`, or behind what follows them in memory.
    public static let paddingBytes = RowReader.paddingBytes

    /// Processes the events in the whole lines that `bytes` begin with, and calls `output` after each batch.
    ///
    /// - Parameters:
    ///   - reader: Keeps the file's state between calls.
    ///   - isLast: Nothing follows, so a last line needs no newline.
    /// - Returns: How many bytes the lines have. Give the rest again, with what follows.
    public func take(
        _ bytes: UnsafeBufferPointer<UInt8>,
        reader: inout EventFileReader,
        isLast: Bool,
        output: (BatchPipeline) throws -> Void
    ) throws -> Int {
        guard let start = bytes.baseAddress else { return 0 }
        self.batch.input = start
        var rows = RowReader(self.batch)
        defer { rows.free() }
        var position = 0
        func finishBatch() throws {
            rows.finishBatch()
            self.run()
            defer { self.clear() }
            try output(self)
        }
        while position < bytes.count {
            let found = memchr(start + position, CInt(UInt8(ascii: "\n")), bytes.count - position)
            guard found != nil || isLast || bytes.count - position > EventLimits.payloadBytesMax else { break }
            let end =
                found.map { $0.assumingMemoryBound(to: UInt8.self) - UnsafeMutablePointer(mutating: start) }
                ?? bytes.count
            do {
                try self.read(position..<end, bytes, with: &rows, &reader)
            } catch {
                try finishBatch()
                throw error
            }
            position = min(end + 1, bytes.count)
            if self.batch.isFull { try finishBatch() }
        }
        if self.batch.count > 0 { try finishBatch() }
        return position
    }

    /// Makes the batch out of the first lines of `bytes`, which must be JSON, without running it.
    public func fill(from bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return }
        self.batch.input = start
        var rows = RowReader(self.batch)
        defer {
            rows.finishBatch()
            rows.free()
        }
        var position = 0
        while !self.batch.isFull, let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) {
            guard rows.readJSON(position..<end, arrival: 0) else { return }
            position = end + 1
        }
    }

    @inline(__always)
    private func read(
        _ line: Range<Int>,
        _ bytes: UnsafeBufferPointer<UInt8>,
        with rows: inout RowReader,
        _ reader: inout EventFileReader
    ) throws(EventFileError) {
        if line.count <= EventLimits.payloadBytesMax, line.count > 0 {
            let time = reader.passLine()
            let isJSON = bytes[line.lowerBound] == UInt8(ascii: "{")
            if isJSON ? rows.readJSON(line, arrival: time) : rows.readEventLine(line, time: time) { return }
            reader.returnLine()
        }
        if let event = try reader.read(bytes.span.extracting(line)) { self.batch.append(event) }
    }

    /// Appends a line for each event that the batch emits, as `EventEncoder.outputLine` writes it, with its newline.
    public func appendOutputLines(to bytes: inout [UInt8]) {
        self.writer.clear()
        self.emitted.forEach { list, row in self.writer.write(row, list) }
        bytes.append(contentsOf: UnsafeBufferPointer(start: self.writer.bytes.base, count: self.writer.bytes.count))
    }
}
