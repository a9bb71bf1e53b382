/// A row of a frame, to expressions that are evaluated row by row what an event is elsewhere.
// Sendable: it belongs to one evaluator, which belongs to one thread at a time.
final class RowCursor: @unchecked Sendable {
    var row = 0
    private let batch: Batch
    private var columns: [Column?] = []
    private var times: UnsafeMutablePointer<Int64>
    private var frameType: String?
    private var captured: [Column?] = []
    /// The slots of the code's names and of its texts, below zero for those that are no field.
    private let slotOfName: [Int]
    private let slotOfText: [Int]

    init(_ batch: Batch, _ code: Code) {
        self.batch = batch
        self.times = batch.times
        self.slotOfName = code.names.map { batch.schema.slots.find($0.text) ?? -1 }
        self.slotOfText = code.texts.map { batch.schema.slots.find($0) ?? -1 }
    }

    func enter(_ frame: Frame) {
        self.columns = frame.columns
        self.times = frame.times
        self.frameType = frame.type
        self.captured = frame.captured
    }

    /// Of the run that the row is the match of.
    func value(ofSlot slot: Int) -> Value? {
        guard slot < self.captured.count, let column = self.captured[slot] else { return nil }
        return self.batch.value(column, self.row)
    }

    var timestamp: Int64 { self.times[self.row] }
    var type: String { self.frameType ?? self.batch.typeName(self.row) }

    func value(ofName index: Int) -> Value? { self.value(inSlot: self.slotOfName[index]) }
    func value(ofText text: TextID) -> Value? { self.value(inSlot: self.slotOfText[Int(text.rawValue)]) }

    private func value(inSlot slot: Int) -> Value? {
        guard slot >= 0, let column = self.columns[slot] else { return nil }
        return self.batch.value(column, self.row)
    }
}
