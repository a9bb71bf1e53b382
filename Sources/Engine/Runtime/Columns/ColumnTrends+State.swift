/// The windows of `ColumnTrends` at one moment: copies of its flat memory.
struct ColumnTrendWindows: SavedState {
    private let places: [Int32]
    private let windows: [ColumnTrends.Window]
    private let windowKeys: [Int32: Value]
    private let words: [UInt64]
    private let wordCount: Int
    private let saturated: UInt64
    /// Nil where there is one partition.
    private let keys: KeyTexts?

    init(_ trends: ColumnTrends) {
        self.places = trends.places.copy
        self.windows = trends.windows.copy
        self.windowKeys = trends.windowKeys
        self.words = trends.words.copy
        self.wordCount = trends.layout.wordCount
        self.saturated = trends.saturated
        self.keys = trends.key == nil ? nil : trends.keys.texts
    }

    func save(to saved: inout SavedOperator) {
        saved.numbers = [("saturated", Int64(bitPattern: self.saturated)), ("dropped", 0)]
        for (number, place) in self.places.enumerated() {
            let text = self.keys?.text(number) ?? ""
            saved.addEntry(.string(text)) { writer in
                guard place >= 0 else { return writer.write(byte: 0) }
                let window = self.windows[Int(place)]
                let key: Value? =
                    switch window.keyTag {
                    case Cell.string: .string(text)
                    case Cell.int: .int(Int64(bitPattern: window.keyWord))
                    default: self.windowKeys[place]
                    }
                let first = Int(place) * self.wordCount
                SavedTrendWindow(start: window.start, key: key, words: self.words[first..<first + self.wordCount])
                    .write(to: &writer)
            }
        }
    }
}

extension ColumnTrends {
    /// Fills a new one.
    func restore(_ saved: SavedOperator) throws(CheckpointError) {
        self.saturated = UInt64(bitPattern: saved.number("saturated"))
        var isFirst = true
        try saved.forEachEntry { (key, reader) throws(CheckpointError) in
            let number: Int
            if self.key == nil {
                guard isFirst else { throw .malformed("a partition of trends is there twice") }
                number = 0
            } else {
                number = self.keys.number(ofAny: key)
                guard number == self.places.count else { throw .malformed("a partition of trends is there twice") }
                self.places.append(-1)
            }
            isFirst = false
            guard let window = try SavedTrendWindow(&reader, self.layout) else { return }
            let place = Int32(self.windows.count)
            self.places.base[number] = place
            let tag = Cell.tag(of: window.key)
            self.windows.append(
                Window(start: window.start, keyTag: tag, keyWord: tag == Cell.int ? Cell.word(of: window.key) : 0)
            )
            if tag != Cell.int, tag != Cell.string, let value = window.key { self.windowKeys[place] = value }
            for word in window.words { self.words.append(word) }
        }
    }
}
