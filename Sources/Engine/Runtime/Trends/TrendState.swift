import VPL

/// The windows of one stream's trends, at most one for each partition.
///
/// A window opens with an event that fits the first step, and takes events up to `within` later. An event of the partition
/// that is later still closes it, before it does anything else, and may open the next.
struct TrendState: Sendable {
    let program: TrendProgram
    private let stream: String
    let interests: [String: Interest]
    /// Partitions are numbered in the order in which they first appear, and each has the place of its window, below zero for
    /// none.
    var numbers: [ExactText: Int] = [:]
    var places: [Int32] = []
    var windows: [Window] = []
    var words: [UInt64] = []
    /// By the places of windows, where conditions look at more than one event.
    var graphs: [TrendGraph] = []
    private var freePlaces: [Int32] = []
    /// Values of a trend without events.
    private(set) var blank: [Value?]
    /// How many results had more trends than can be counted.
    var saturated: UInt64 = 0
    /// How many groups of partial trends were not kept because a window had so many.
    var dropped: UInt64 = 0

    struct Window: Sendable {
        var start: Int64 = 0
        /// The key in its first event.
        var key: Value?
    }

    /// What an event of some type may do.
    struct Interest: Sendable {
        /// The steps that may take it, from the last on.
        var steps: [Int] = []
        var negations: [CompiledTrends.Negation] = []
    }

    init(_ trends: CompiledTrends, stream: String, groupsMax: Int = TrendGraph.groupsMax) {
        self.program = TrendProgram(trends, groupsMax: groupsMax)
        self.stream = stream
        self.blank = Array(repeating: nil, count: trends.slotCount)
        var interests: [String: Interest] = [:]
        for (number, step) in trends.steps.enumerated().reversed() {
            interests[step.type, default: Interest()].steps.append(number)
        }
        for negation in trends.negations { interests[negation.type, default: Interest()].negations.append(negation) }
        self.interests = interests
    }

    var hasGraphs: Bool { self.program.trends.kind != .totals }

    /// Takes an event. Returns the result of the window that it closes, if it closes one.
    mutating func take(_ event: Event, _ evaluator: inout Evaluator) -> Event? {
        guard let interest = self.interests[event.type] else { return nil }
        let trends = self.program.trends
        let partition = self.partition(of: trends.key.flatMap { event.fields[$0] })
        var closed: Event?
        var place = Int(self.places[partition])
        if place >= 0, self.windows[place].start.isBefore(event.timestamp, minus: trends.within) {
            closed = self.close(place, of: partition, &evaluator)
            place = -1
        }
        evaluator.event = event
        swap(&evaluator.captures, &self.blank)
        defer { swap(&evaluator.captures, &self.blank) }
        if place < 0 {
            guard interest.steps.last == 0, self.fits(0, &evaluator), self.mayBegin(0, &evaluator) else {
                return closed
            }
            place = self.open(for: event, in: partition)
        } else if !interest.negations.isEmpty {
            self.negate(interest.negations, at: place, &evaluator)
        }
        if self.hasGraphs { self.graphs[place].beginEvent() }
        for step in interest.steps where self.fits(step, &evaluator) {
            _ = self.take(event, by: step, at: place, &evaluator)
        }
        return closed
    }

    mutating func partition(of key: Value?) -> Int {
        let text = ExactText(self.program.trends.key == nil ? "" : key.partitionText)
        if let number = self.numbers[text] { return number }
        self.numbers[text] = self.places.count
        self.places.append(-1)
        return self.places.count - 1
    }

    /// Whether the event fulfils what a step asks of it alone.
    func fits(_ step: Int, _ evaluator: inout Evaluator) -> Bool {
        self.program.trends.steps[step].conditions.allSatisfy { evaluator.holds($0) }
    }

    func mayBegin(_ step: Int, _ evaluator: inout Evaluator) -> Bool {
        evaluator.captureBase = 0
        evaluator.isFirstOfStep = true
        return self.program.trends.steps[step].firstConditions.allSatisfy { evaluator.holds($0) }
    }

    /// Returns whether the event follows something that came before, or begins a trend.
    mutating func take(_ event: Event, by step: Int, at place: Int, _ evaluator: inout Evaluator) -> Bool {
        let isFirst = self.mayBegin(step, &evaluator)
        return self.withWords(at: place) { state, words in
            let isTaken: Bool
            if state.hasGraphs {
                let before = state.graphs[place].dropped
                isTaken = state.graphs[place].take(step, event, isFirst: isFirst, state.program, words, &evaluator)
                state.dropped += state.graphs[place].dropped - before
            } else {
                let layout = state.program.layout
                isTaken = layout.take(step, EventNumbers(fields: event.fields, names: layout.arguments), words)
            }
            if isTaken { words[TrendLayout.lastTime] = UInt64(bitPattern: event.timestamp) }
            return isTaken
        }
    }

    /// Calls `body` with a window's words.
    private mutating func withWords<Result>(
        at place: Int,
        _ body: (inout TrendState, UnsafeMutablePointer<UInt64>) -> Result
    ) -> Result {
        var words: [UInt64] = []
        swap(&words, &self.words)
        defer { swap(&words, &self.words) }
        let first = place * self.program.layout.wordCount
        return words.withUnsafeMutableBufferPointer { body(&self, $0.baseAddress! + first) }
    }

    mutating func negate(
        _ negations: [CompiledTrends.Negation],
        at place: Int,
        _ evaluator: inout Evaluator
    ) {
        for negation in negations {
            if !negation.isOfTrends, let condition = negation.condition, !evaluator.holds(condition) { continue }
            if self.hasGraphs {
                self.graphs[place].beginEvent()
                self.graphs[place].negate(negation, self.program, &evaluator)
            } else {
                self.withWords(at: place) { state, words in state.program.layout.negate(words) }
            }
        }
    }

    // MARK: - Windows

    mutating func open(for event: Event, in partition: Int) -> Int {
        let layout = self.program.layout
        let place: Int
        if let free = self.freePlaces.popLast() {
            place = Int(free)
        } else {
            place = self.windows.count
            self.windows.append(Window())
            self.words.append(contentsOf: repeatElement(0, count: layout.wordCount))
            if self.hasGraphs { self.graphs.append(TrendGraph(self.program.trends, layout)) }
        }
        self.places[partition] = Int32(place)
        self.windows[place] = Window(start: event.timestamp, key: self.program.trends.key.flatMap { event.fields[$0] })
        self.withWords(at: place) { _, words in layout.begin(words) }
        return place
    }

    /// The result of a window, which is no more; nil if no trend was complete.
    private mutating func close(_ place: Int, of partition: Int, _ evaluator: inout Evaluator) -> Event? {
        let result: Event? = self.withWords(at: place) { state, words in
            let complete = words[TrendLayout.complete]
            if complete == 0 { return nil }
            if complete == TrendLayout.countMax { state.saturated += 1 }
            if state.hasGraphs { state.graphs[place].survey(state.program, words, &evaluator) }
            return state.result(words, key: state.windows[place].key)
        }
        self.places[partition] = -1
        self.freePlaces.append(Int32(place))
        self.windows[place].key = nil
        if self.hasGraphs { self.graphs[place] = TrendGraph(self.program.trends, self.program.layout) }
        return result
    }

    private func result(_ words: UnsafePointer<UInt64>, key: Value?) -> Event {
        var fields = Fields()
        for (place, item) in self.program.trends.items.enumerated() {
            fields[item.name] = self.program.layout.value(place, words)
        }
        if let name = self.program.trends.key, let key, fields[name] == nil { fields[name] = key }
        if fields["stream"] == nil { fields["stream"] = .string(self.stream) }
        let time = Int64(bitPattern: words[TrendLayout.lastTime])
        return Event(type: self.stream, timestamp: time, fields: fields)
    }

    /// The end of the input: the next of the results of all windows, in the order in which their partitions first appeared;
    /// nil if there are no more.
    ///
    /// - Parameter partition: The number of the partition to begin at, and then of the one after that of the result.
    mutating func finish(from partition: inout Int, _ evaluator: inout Evaluator) -> Event? {
        while partition < self.places.count {
            let place = Int(self.places[partition])
            partition += 1
            if place >= 0, let result = self.close(place, of: partition - 1, &evaluator) { return result }
        }
        return nil
    }

    var keyCount: Int { self.places.count }

    /// About what it takes in memory.
    var heldBytes: Int {
        let keys = HeldBytes.of(
            self.numbers.count,
            like: self.numbers.keys.lazy.map { Value.string($0.text).heldBytes }
        )
        return keys + self.numbers.count * (MemoryLayout<ExactText>.stride + HeldBytes.tableEntry + 12)
            + self.windows.count * MemoryLayout<Window>.stride + self.words.count * MemoryLayout<UInt64>.stride
            + self.graphs.reduce(0) { $0 + $1.heldBytes }
    }
}
