import Engine
import NIOCore

/// Cuts a text of lines, which comes in chunks, into pieces of whole lines for the engine.
///
/// A piece is given up as soon as it is large, or when what has come is all there is for now: a producer that sends much
/// fills large pieces, and one that sends little does not wait for more.
struct LinePieces {
    /// What is kept of a line that is not whole yet, and the whole lines before it.
    private var bytes: [UInt8] = []
    /// Up to where there are whole lines.
    private var wholeEnd = 0
    /// The rest of a line that was too long is passed over up to its newline.
    private var isInLongLine = false
    private let endIsNear: Bool
    /// Lines that were too long.
    private(set) var longLines = 0

    /// A piece of at least this size is given up.
    static let pieceBytes = 256 * 1024
    /// A chunk shorter than this has nothing behind it that has come already.
    private static let drainedBytes = 16 * 1024

    private static let newline = UInt8(ascii: "\n")

    /// - Parameter endIsNear: How much there is in all is known, so all of it comes soon, and small chunks can wait for it.
    init(endIsNear: Bool = false) { self.endIsNear = endIsNear }

    /// Takes a chunk. Returns whole lines where it is time for them.
    mutating func add(_ chunk: ByteBuffer) -> [UInt8]? {
        var view = chunk.readableBytesView
        if self.isInLongLine {
            guard let newline = view.firstIndex(of: Self.newline) else { return nil }
            self.isInLongLine = false
            view = view[(newline + 1)...]
        }
        if self.bytes.isEmpty { self.bytes.reserveCapacity(Self.pieceBytes + view.count) }
        let start = self.bytes.count
        self.bytes.append(contentsOf: view)
        if let newline = view.lastIndex(of: Self.newline) {
            self.wholeEnd = start + (newline - view.startIndex) + 1
        }
        self.dropLongLine()
        let isTime = self.wholeEnd >= Self.pieceBytes || (chunk.readableBytes < Self.drainedBytes && !self.endIsNear)
        return isTime && self.wholeEnd > 0 ? self.takeWholeLines() : nil
    }

    /// What is left at the end, whose last line needs no newline.
    mutating func finish() -> [UInt8]? {
        self.wholeEnd = self.bytes.count
        return self.bytes.isEmpty ? nil : self.takeWholeLines()
    }

    private mutating func takeWholeLines() -> [UInt8] {
        let rest = Array(self.bytes[self.wholeEnd...])
        var whole = self.bytes
        whole.removeSubrange(self.wholeEnd...)
        self.bytes = rest
        self.wholeEnd = 0
        return whole
    }

    /// No event is so long, so the line need not be held until its end.
    private mutating func dropLongLine() {
        guard self.bytes.count - self.wholeEnd > EventLimits.payloadBytesMax else { return }
        self.bytes.removeSubrange(self.wholeEnd...)
        self.isInLongLine = true
        self.longLines += 1
    }
}
