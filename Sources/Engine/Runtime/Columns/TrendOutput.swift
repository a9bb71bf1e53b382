/// The results of trends as columns.
final class TrendOutput {
    private let items: [String]
    private let key: String?
    private let type: String
    private let slots: NameTable
    /// Whether the results have the field `stream`.
    private let hasStream: Bool

    init(_ trends: CompiledTrends, type: String, _ schema: BatchSchema) {
        let items = trends.items.map(\.name)
        func isItem(_ name: String) -> Bool { items.contains { $0.isExactly(name) } }
        self.items = items
        self.key = trends.key.flatMap { isItem($0) ? nil : $0 }
        self.type = type
        self.slots = schema.slots
        self.hasStream = !isItem("stream") && self.key != "stream"
    }

    /// Results of one batch, by row.
    final class Rows {
        fileprivate let rows: UnsafeMutablePointer<UInt16>
        fileprivate let times: UnsafeMutablePointer<Int64>
        fileprivate let items: [Column]
        /// To be written for each row.
        let key: Column?
        fileprivate let stream: Column?
        private let streamName: Value
        private(set) var count = 0

        init(_ output: TrendOutput, _ evaluator: ColumnEvaluator) {
            self.rows = evaluator.newRows()
            self.times = evaluator.newTimes()
            self.items = output.items.map { _ in evaluator.newColumn() }
            self.key = output.key.map { _ in evaluator.newColumn() }
            self.stream = output.hasStream ? evaluator.newColumn() : nil
            self.streamName = .string(output.type)
        }

        /// Writes what a window comes to.
        func add(_ row: Int, _ layout: TrendLayout, _ words: UnsafePointer<UInt64>, _ batch: Batch) {
            for (item, column) in self.items.enumerated() { batch.set(layout.value(item, words), column, row) }
            self.times[row] = Int64(bitPattern: words[TrendLayout.lastTime])
            if let stream {
                if self.count == 0 {
                    batch.set(self.streamName, stream, row)
                } else {
                    let first = Int(self.rows[0])
                    stream.set(row, stream.tags[first], stream.words[first])
                }
            }
            self.rows[self.count] = UInt16(truncatingIfNeeded: row)
            self.count += 1
        }
    }

    func frame(_ results: Rows, _ batch: Batch) -> Frame {
        let selection = Selection(rows: results.rows, count: results.count, isDense: false)
        // All but the key were written to in each of the rows.
        for column in results.items + [results.stream].compactMap({ $0 }) { column.kinds.remove(.missing) }
        results.key?.noteMissing(among: selection)
        var fields = zip(self.items, results.items).map { Frame.Field(name: $0, column: $1) }
        if let key, let column = results.key { fields.append(Frame.Field(name: key, column: column)) }
        if let column = results.stream { fields.append(Frame.Field(name: "stream", column: column)) }
        var columns = [Column?](repeating: nil, count: batch.columns.count)
        for field in fields {
            if let slot = self.slots.find(field.name) { columns[slot] = field.column }
        }
        return Frame(selection: selection, columns: columns, times: results.times, fields: fields, type: self.type)
    }
}
