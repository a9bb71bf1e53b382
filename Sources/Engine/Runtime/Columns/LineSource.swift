#if canImport(Glibc)
    import Glibc
#endif

/// The whole lines of a piece of a file, on their way into batches.
///
/// Whoever has made a batch full of them sets about it and comes back with the next.
struct LineSource {
    /// Where texts of the batches lie.
    let input: UnsafePointer<UInt8>
    /// Of the next line.
    private(set) var position: Int
    private let end: Int
    /// Nothing follows the bytes, so a last line needs no newline.
    private let isLast: Bool

    /// - Parameter range: The bytes of `input` in which the lines are, with `RowReader.paddingBytes` of zeros or of other
    ///   lines behind them.
    init(_ input: UnsafePointer<UInt8>, _ range: Range<Int>, isLast: Bool) {
        self.input = input
        self.position = range.lowerBound
        self.end = range.upperBound
        self.isLast = isLast
    }

    /// Reads events into the batch until it is full or there is no whole line any more; calls `rejected` with lines that
    /// hold none, and goes on.
    ///
    /// - Parameters:
    ///   - reader: Keeps the file's state from line to line.
    ///   - rowsMax: With so many events the batch is full.
    mutating func fill(
        _ batch: Batch,
        reader: inout EventFileReader,
        rowsMax: Int = Batch.rowsMax,
        rejected: (RejectedLine) throws -> Void
    ) rethrows {
        batch.input = self.input
        var rows = RowReader(batch)
        defer {
            rows.finishBatch()
            rows.free()
        }
        while self.position < self.end, batch.count < rowsMax {
            let newline = self.nextNewline()
            if reader.isInRefusedLine {
                self.position = newline.map { $0 + 1 } ?? self.end
                reader.isInRefusedLine = newline == nil
                continue
            }
            if newline == nil, !self.isLast {
                guard self.end - self.position > EventLimits.payloadBytesMax else { return }
                reader.isInRefusedLine = true
            }
            let line = self.position..<(newline ?? self.end)
            self.position = min(line.upperBound + 1, self.end)
            do throws(EventFileError) {
                try self.read(line, batch, with: &rows, &reader)
            } catch {
                try rejected(
                    RejectedLine(error, UnsafeBufferPointer(start: self.input + line.lowerBound, count: line.count))
                )
            }
        }
    }

    @inline(__always)
    private func nextNewline() -> Int? {
        memchr(self.input + self.position, CInt(UInt8(ascii: "\n")), self.end - self.position)
            .map { $0.assumingMemoryBound(to: UInt8.self) - UnsafeMutablePointer(mutating: self.input) }
    }

    @inline(__always)
    private func read(
        _ line: Range<Int>,
        _ batch: Batch,
        with rows: inout RowReader,
        _ reader: inout EventFileReader
    ) throws(EventFileError) {
        if line.count <= EventLimits.payloadBytesMax, line.count > 0 {
            let time = reader.passLine()
            let isJSON = self.input[line.lowerBound] == UInt8(ascii: "{")
            if isJSON ? rows.readJSON(line, arrival: time) : rows.readEventLine(line, time: time) {
                batch.noteLine(line)
                return
            }
            reader.returnLine()
        }
        let bytes = UnsafeBufferPointer(start: self.input + line.lowerBound, count: line.count)
        if let event = try reader.read(bytes.span) { batch.append(event) }
    }
}

/// A line of an event file that holds no event.
public struct RejectedLine {
    public let error: EventFileError
    /// As it was read; not to be used after the call that gives it.
    public let bytes: UnsafeBufferPointer<UInt8>

    init(_ error: EventFileError, _ bytes: UnsafeBufferPointer<UInt8>) {
        self.error = error
        self.bytes = bytes
    }
}
