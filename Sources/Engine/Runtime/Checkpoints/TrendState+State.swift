/// The window of one partition, as either runtime writes it.
struct SavedTrendWindow {
    let start: Int64
    /// The key in its first event.
    let key: Value?
    /// The numbers of `TrendLayout`, of which floats are the bits.
    let words: [UInt64]

    func write(to writer: inout StateWriter) {
        writer.write(byte: 1)
        writer.write(self.start)
        writer.write(self.key)
        for word in self.words { writer.write(fixed: word) }
    }

    init(start: Int64, key: Value?, words: some Sequence<UInt64>) {
        self.start = start
        self.key = key
        self.words = Array(words)
    }

    /// Nil for a partition without a window.
    init?(_ reader: inout StateReader, _ layout: TrendLayout) throws(CheckpointError) {
        guard try reader.byte() == 1 else { return nil }
        self.start = try reader.signed()
        self.key = try reader.value()
        var words: [UInt64] = []
        for _ in 0..<layout.wordCount { words.append(try reader.fixed(UInt64.self)) }
        let counts = [TrendLayout.complete] + (0..<layout.stepCount).map { TrendLayout.counts + $0 }
        guard counts.allSatisfy({ words[$0] <= TrendLayout.countMax }),
            layout.surveys.allSatisfy({ survey in
                survey.function != .count || words[survey.base + layout.stepCount - 1] <= TrendLayout.countMax
            })
        else { throw .malformed("a count of trends is too large") }
        self.words = words
    }
}

extension TrendState: RestorableState {
    /// By partition, in the order of first appearance.
    func save(to saved: inout SavedOperator) {
        saved.numbers = [
            ("saturated", Int64(bitPattern: self.saturated)), ("dropped", Int64(bitPattern: self.dropped)),
        ]
        var texts = [String](repeating: "", count: self.numbers.count)
        for (text, number) in self.numbers { texts[number] = text.text }
        let wordCount = self.program.layout.wordCount
        for (number, text) in texts.enumerated() {
            saved.addEntry(.string(text)) { writer in
                let place = Int(self.places[number])
                guard place >= 0 else { return writer.write(byte: 0) }
                SavedTrendWindow(
                    start: self.windows[place].start,
                    key: self.windows[place].key,
                    words: self.words[place * wordCount..<(place + 1) * wordCount]
                ).write(to: &writer)
                if self.hasGraphs { self.graphs[place].write(to: &writer, self.program.trends) }
            }
        }
    }

    mutating func restore(_ saved: SavedOperator) throws(CheckpointError) {
        self.saturated = UInt64(bitPattern: saved.number("saturated"))
        self.dropped = UInt64(bitPattern: saved.number("dropped"))
        let (trends, layout) = (self.program.trends, self.program.layout)
        try saved.forEachEntry { (key, reader) throws(CheckpointError) in
            guard self.numbers.updateValue(self.places.count, forKey: ExactText(key.partitionText)) == nil else {
                throw .malformed("a partition of trends is there twice")
            }
            guard let window = try SavedTrendWindow(&reader, layout) else {
                self.places.append(-1)
                return
            }
            self.places.append(Int32(self.windows.count))
            self.windows.append(Window(start: window.start, key: window.key))
            self.words.append(contentsOf: window.words)
            guard self.hasGraphs else { return }
            var graph = TrendGraph(trends, layout)
            try graph.restore(&reader, trends)
            self.graphs.append(graph)
        }
    }
}

extension TrendGraph {
    func write(to writer: inout StateWriter, _ trends: CompiledTrends) {
        writer.write(UInt64(self.eventCount))
        writer.write(count: self.groupCount)
        writer.write(self.dropped)
        for level in self.levels { level.write(to: &writer) }
        writer.write(count: self.records.count)
        for record in self.records {
            writer.write(byte: record.event == nil ? 0 : 1)
            if let event = record.event { writer.write(event) }
            writer.write(UInt64(record.number))
            writer.write(Int64(record.step))
            writer.write(byte: record.isFirst ? 1 : 0)
            writer.write(Int64(record.group))
        }
    }

    mutating func restore(_ reader: inout StateReader, _ trends: CompiledTrends) throws(CheckpointError) {
        self.eventCount = try reader.eventNumber()
        self.groupCount = Int(try reader.tally())
        self.dropped = try reader.tally()
        for number in self.levels.indices {
            let isFound = !trends.steps[number].isOfOwnEvent(number) || trends.steps[number].context.isEmpty
            try self.levels[number].restore(&reader, isFound: isFound)
        }
        for _ in 0..<(try reader.count(ofSize: 5)) {
            let event = try reader.byte() == 1 ? try reader.event() : nil
            let number = try reader.eventNumber()
            let (step, isFirst, group) = (try reader.signed(), try reader.byte() == 1, try reader.signed())
            let isNegation = event == nil && step == -1
            guard isNegation || trends.steps.indices.contains(Int(truncatingIfNeeded: step)),
                group == -1 || step >= 0 && (0..<Int64(self.levels[Int(step)].groupCount)).contains(group),
                isNegation || event != nil
            else { throw .malformed("a trend's event is of no step") }
            self.records.append(
                Record(event: event, number: number, step: Int(step), isFirst: isFirst, group: Int(group))
            )
        }
    }
}

extension TrendLevel {
    fileprivate func write(to writer: inout StateWriter) {
        writer.write(count: self.firstLive)
        writer.write(self.totalCount)
        for amount in self.totalAmounts { writer.write(amount) }
        for isOdd in self.isOdd { writer.write(byte: isOdd ? 1 : 0) }
        writer.write(count: self.groupCount)
        for group in 0..<self.groupCount {
            writer.write(self.counts[group])
            writer.write(UInt64(self.begins[group]))
            writer.write(UInt64(self.ends[group]))
            for value in self.values[group * self.slotCount..<(group + 1) * self.slotCount] { writer.write(value) }
            for event in self.context(of: group) { writer.write(UInt64(event)) }
            for amount in self.amounts[group * self.width..<(group + 1) * self.width] { writer.write(amount) }
            for column in self.columns { writer.write(column[group]) }
        }
    }

    /// - Parameter isFound: Whether later events may come to the groups.
    fileprivate mutating func restore(_ reader: inout StateReader, isFound: Bool) throws(CheckpointError) {
        let firstLive = Int(try reader.tally())
        let totalCount = try reader.trendCount()
        var totalAmounts: [Double] = []
        for _ in self.totalAmounts { totalAmounts.append(try reader.double()) }
        for place in self.isOdd.indices { self.isOdd[place] = try reader.byte() == 1 }
        for _ in 0..<(try reader.count(ofSize: 3)) {
            let (count, begin, end) = (try reader.trendCount(), try reader.eventNumber(), try reader.eventNumber())
            var values: [Value?] = []
            for _ in 0..<self.slotCount { values.append(try reader.value()) }
            var context: [UInt32] = []
            for _ in 0..<self.contextWidth { context.append(try reader.eventNumber()) }
            let group = self.append(context, at: begin, isFound: isFound)
            self.counts[group] = count
            self.ends[group] = end
            for (slot, value) in values.enumerated() { self.values[group * self.slotCount + slot] = value }
            for place in 0..<self.width { self.amounts[group * self.width + place] = try reader.double() }
            for column in self.columns.indices { self.columns[column].append(try reader.double()) }
        }
        guard firstLive <= self.groupCount else { throw .malformed("trends have ended that never began") }
        self.firstLive = firstLive
        self.totalCount = totalCount
        self.totalAmounts = totalAmounts
        for group in self.live { self.insertIntoIndexes(group) }
    }
}

extension StateReader {
    fileprivate mutating func eventNumber() throws(CheckpointError) -> UInt32 {
        guard let number = UInt32(exactly: try self.number()) else {
            throw .malformed("an event's number is too large")
        }
        return number
    }

    fileprivate mutating func trendCount() throws(CheckpointError) -> UInt64 {
        let count = try self.number()
        guard count <= TrendLayout.countMax else { throw .malformed("a count of trends is too large") }
        return count
    }
}
