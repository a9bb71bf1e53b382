import VPL

/// Where the numbers of a window are among its words, and how an event changes them, where no condition looks at two events.
///
/// For each step there is the count of all partial trends that end there. An event that step `i` takes makes as many new
/// ones as end at `i - 1`, and if it is Kleene as end at `i`: each is longer by the event. So an event costs the same
/// however many trends there are. `A -> all B -> C` over A B B B C:
///
///     event   ends at A   at B   at C
///     A               1      0      0
///     B               1      1      0
///     B               1      3      0        1 + 1 more: after A, and after the first B
///     B               1      7      0
///     C               1      7      7        all of them complete
///
/// Whether an event is part of a complete trend is known only when one is complete. Until then what is asked of such events
/// is pending at the last step that is reached after them; an event that takes a trend a step further takes along all that
/// is pending before it.
struct TrendLayout: Sendable {
    /// What is added up over trends.
    struct Sum: BitwiseCopyable, Sendable {
        let step: Int
        let argument: Int
        /// A word for each step, and one for complete trends.
        let base: Int
    }

    /// What is asked of the events that are part of complete trends.
    struct Survey: BitwiseCopyable, Sendable {
        enum Function: UInt8, BitwiseCopyable {
            case count, least, greatest
        }

        let function: Function
        let step: Int
        let argument: Int
        /// A word for each step; the last step's is of complete trends.
        let base: Int
    }

    /// How the result of an item comes about.
    enum Result: Sendable {
        case count
        case sum(Int)
        case average(Int)
        case survey(Int)
    }

    let stepCount: Int
    let isKleene: [Bool]
    let sums: [Sum]
    let surveys: [Survey]
    let results: [Result]
    /// The fields that are read of events, each once.
    let arguments: [String]
    /// Counts as floats: for sums over so many trends that their count has no place in 64 bits. Nil without sums.
    let weightBase: Int?
    let wordCount: Int

    /// The number of complete trends is the first word, and the time of the last event the second; then come the steps.
    static let complete = 0
    static let lastTime = 1
    static let counts = 2

    init(_ steps: [CompiledTrends.Step], _ items: [CompiledTrends.Item]) {
        self.stepCount = steps.count
        self.isKleene = steps.map(\.isKleene)
        var arguments: [String] = []
        var (sums, surveys, results): ([Sum], [Survey], [Result]) = ([], [], [])
        let hasSums = items.contains { $0.function == .sumTrends || $0.function == .avgTrends }
        var base = Self.counts + steps.count
        self.weightBase = hasSums ? base : nil
        if hasSums { base += steps.count + 1 }
        for item in items {
            var argument = -1
            if let field = item.field {
                argument = arguments.firstIndex(of: field) ?? arguments.count
                if argument == arguments.count { arguments.append(field) }
            }
            switch item.function {
            case .countTrends: results.append(.count)
            case .sumTrends, .avgTrends:
                var place = sums.firstIndex { $0.step == item.step && $0.argument == argument }
                if place == nil {
                    sums.append(Sum(step: item.step, argument: argument, base: base))
                    base += steps.count + 1
                    place = sums.count - 1
                }
                results.append(item.function == .sumTrends ? .sum(place ?? 0) : .average(place ?? 0))
            case .countEvents, .minTrends, .maxTrends:
                let function: Survey.Function =
                    item.function == .countEvents ? .count : item.function == .minTrends ? .least : .greatest
                surveys.append(Survey(function: function, step: item.step, argument: argument, base: base))
                base += steps.count
                results.append(.survey(surveys.count - 1))
            }
        }
        (self.sums, self.surveys, self.results, self.arguments) = (sums, surveys, results, arguments)
        self.wordCount = base
    }
}

extension TrendLayout {
    static let countMax = UInt64(Int64.max)

    /// The sum of two counts, or the largest count if that is less.
    @inline(__always)
    static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 { min(left &+ right, Self.countMax) }

    /// Makes the words those of a window without events.
    func begin(_ words: UnsafeMutablePointer<UInt64>) {
        words.update(repeating: 0, count: self.wordCount)
        for survey in self.surveys { self.empty(survey, words, survey.step..<self.stepCount) }
    }

    private func empty(_ survey: Survey, _ words: UnsafeMutablePointer<UInt64>, _ steps: Range<Int>) {
        for step in steps { words[survey.base + step] = survey.nothing }
    }

    /// Ends all trends that are not complete.
    func negate(_ words: UnsafeMutablePointer<UInt64>) {
        for step in 0..<self.stepCount { words[Self.counts + step] = 0 }
        if let weightBase { for step in 0..<self.stepCount { words[weightBase + step] = 0 } }
        for sum in self.sums { for step in 0..<self.stepCount { words[sum.base + step] = 0 } }
        for survey in self.surveys where survey.step < self.stepCount - 1 {
            self.empty(survey, words, survey.step..<self.stepCount - 1)
        }
    }

    /// What an item comes to.
    func value(_ item: Int, _ words: UnsafePointer<UInt64>) -> Value {
        func float(_ place: Int) -> Double { Double(bitPattern: words[place]) }
        switch self.results[item] {
        case .count: return .int(Int64(words[Self.complete]))
        case .sum(let place): return .float(float(self.sums[place].base + self.stepCount))
        case .average(let place):
            let weight = self.weightBase.map { float($0 + self.stepCount) } ?? 0
            // There may be more trends than floats can count.
            return weight.isFinite ? .float(float(self.sums[place].base + self.stepCount) / weight) : .null
        case .survey(let place):
            let survey = self.surveys[place]
            let word = words[survey.base + self.stepCount - 1]
            if survey.function == .count { return .int(Int64(word)) }
            let number = Double(bitPattern: word)
            return number.isNaN ? .null : .float(number)
        }
    }
}

extension TrendLayout.Survey {
    /// What is known while there was no event.
    var nothing: UInt64 { self.function == .count ? 0 : Double.nan.bitPattern }

    /// Adds what is known of some events to what is known of others.
    @inline(__always)
    func fold(_ word: UInt64, into place: UnsafeMutablePointer<UInt64>) {
        if self.function == .count {
            place.pointee &+= word
            return
        }
        let (number, other) = (Double(bitPattern: word), Double(bitPattern: place.pointee))
        if number.isNaN { return }
        let isLess = self.function == .least ? number < other : number > other
        if other.isNaN || isLess { place.pointee = word }
    }
}
