import Engine
import Foundation

/// What became of the lines of an event file: how many were no events, and why. Each is told of or kept.
struct EventTally {
    private(set) var rejections = RejectionCounts()
    var cuts = EventCuts()
    private let path: String
    private var deadLetters: LineWriter?
    private var progress: ProgressLine?

    /// So many rejected lines are told of one by one.
    private static let toldMax: UInt64 = 10

    /// - Parameters:
    ///   - path: The file of the events.
    ///   - deadLetterPath: The file that keeps the lines that hold no event.
    ///   - position: Where files ended at the checkpoint from which the program goes on.
    init(
        path: String,
        deadLetterPath: String?,
        progress: ProgressLine?,
        from position: SimulationPosition? = nil
    ) throws {
        self.path = path
        self.deadLetters = try deadLetterPath.map {
            try LineWriter(path: $0, appends: false, keeping: position?.length(of: $0))
        }
        self.progress = progress
    }

    mutating func add(_ error: EventFileError, _ line: UnsafeBufferPointer<UInt8>) throws {
        self.rejections.add(error.code)
        if self.deadLetters != nil {
            let letter = DeadLetter(
                line: error.line,
                reason: error.code.rawValue,
                message: error.message,
                text: String(validating: line, as: UTF8.self),
                base64: String(validating: line, as: UTF8.self) == nil ? Data(line).base64EncodedString() : nil
            )
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            try self.deadLetters?.write(Array(try encoder.encode(letter)))
        } else if self.rejections.total <= Self.toldMax {
            self.progress?.erase()
            StandardStream.error.write("\(self.path):\(error.line): \(error.message)\n")
        } else if self.rejections.total == Self.toldMax + 1 {
            self.progress?.erase()
            StandardStream.error.write("… and more; --dead-letter FILE keeps them all\n")
        }
    }

    /// So many bytes more of the file were read, and so many events are processed.
    mutating func read(_ bytes: Int, events: UInt64) { self.progress?.advance(bytes, events: events) }

    /// Writes what is to be kept so far, and notes how long the file is then.
    mutating func note(in position: inout SimulationPosition) throws { try self.deadLetters?.note(in: &position) }

    /// Writes what is to be kept. Whether all lines were events or are kept.
    mutating func finish() throws -> Bool {
        self.progress?.erase()
        try self.deadLetters?.flush()
        return self.rejections.total == 0 || self.deadLetters != nil
    }

    /// What is said at the end; nothing if all was well.
    var summary: String {
        var text = ""
        if self.rejections.total > 0 {
            let reasons = self.rejections.byCode.map { "\($0.code.rawValue) \($0.count)" }.joined(separator: ", ")
            text += "Lines rejected: \(self.rejections.total) (\(reasons))\n"
        }
        if self.cuts.total > 0 {
            let parts = [
                ("strings", self.cuts.strings), ("arrays", self.cuts.arrays), ("nested values", self.cuts.nested),
                ("events", self.cuts.events),
            ]
            let kinds = parts.filter { $0.1 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
            text += "Cut to their limits: \(kinds)\n"
        }
        return text
    }
}

/// A line that holds no event, as `--dead-letter` keeps it.
private struct DeadLetter: Encodable {
    let line: Int
    let reason: String
    let message: String
    /// The line, if it is UTF-8.
    let text: String?
    /// The line, if it is not.
    let base64: String?
}
