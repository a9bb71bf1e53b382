/// The numbers that an event has for a layout's arguments; nil for what is no number.
protocol TrendNumbers {
    func number(_ argument: Int) -> Double?
}

/// What an event does to the words of a window. A layout as pointers: loops over events count no references.
struct TrendKernel: BitwiseCopyable {
    private let stepCount: Int
    /// Below zero without sums.
    private let weightBase: Int
    private let isKleene: UnsafePointer<Bool>
    private let sums: UnsafeBufferPointer<TrendLayout.Sum>
    private let surveys: UnsafeBufferPointer<TrendLayout.Survey>

    /// - Parameters: Copies of the layout's lists that live as long as this.
    init(
        _ layout: TrendLayout,
        isKleene: UnsafePointer<Bool>,
        sums: UnsafeBufferPointer<TrendLayout.Sum>,
        surveys: UnsafeBufferPointer<TrendLayout.Survey>
    ) {
        self.stepCount = layout.stepCount
        self.weightBase = layout.weightBase ?? -1
        self.isKleene = isKleene
        self.sums = sums
        self.surveys = surveys
    }

    /// A step takes an event. False if there is nothing before it that the event could follow.
    @inline(__always)
    func take(_ step: Int, _ numbers: some TrendNumbers, _ words: UnsafeMutablePointer<UInt64>) -> Bool {
        let counts = words + TrendLayout.counts
        let isLast = step == self.stepCount - 1
        let isKleene = self.isKleene[step]
        var count: UInt64 = step == 0 ? 1 : counts[step - 1]
        if count == 0 { return false }
        if isKleene { count = TrendLayout.sum(count, counts[step]) }
        counts[step] = TrendLayout.sum(counts[step], count)
        if isLast { words[TrendLayout.complete] = TrendLayout.sum(words[TrendLayout.complete], count) }
        if self.weightBase >= 0 { self.addUp(step, isLast, isKleene, numbers, words, words + self.weightBase) }
        for place in 0..<self.surveys.count {
            let survey = self.surveys[place]
            if step >= survey.step { self.take(survey, step, numbers, words + survey.base + step) }
        }
        return true
    }

    @inline(__always)
    private func addUp(
        _ step: Int,
        _ isLast: Bool,
        _ isKleene: Bool,
        _ numbers: some TrendNumbers,
        _ words: UnsafeMutablePointer<UInt64>,
        _ weights: UnsafeMutablePointer<UInt64>
    ) {
        @inline(__always)
        func add(_ number: Double, to place: UnsafeMutablePointer<UInt64>) {
            place.pointee = (Double(bitPattern: place.pointee) + number).bitPattern
        }
        var weight = step == 0 ? 1 : Double(bitPattern: weights[step - 1])
        if isKleene { weight += Double(bitPattern: weights[step]) }
        add(weight, to: weights + step)
        if isLast { add(weight, to: weights + self.stepCount) }
        for place in 0..<self.sums.count {
            let sum = self.sums[place]
            if step < sum.step { continue }
            let places = words + sum.base
            var added = step > sum.step ? Double(bitPattern: places[step - 1]) : 0
            if isKleene { added += Double(bitPattern: places[step]) }
            if step == sum.step, let number = numbers.number(sum.argument) { added += number * weight }
            add(added, to: places + step)
            if isLast { add(added, to: places + self.stepCount) }
        }
    }

    @inline(__always)
    private func take(
        _ survey: TrendLayout.Survey,
        _ step: Int,
        _ numbers: some TrendNumbers,
        _ place: UnsafeMutablePointer<UInt64>
    ) {
        if step > survey.step {
            // Nothing is left behind: what reached this step needs the one before no more.
            survey.fold(place[-1], into: place)
            place[-1] = survey.nothing
        } else if survey.function == .count {
            place.pointee &+= 1
        } else if let number = numbers.number(survey.argument) {
            survey.fold(number.bitPattern, into: place)
        }
    }
}

extension TrendLayout {
    /// A step takes an event. False if there is nothing before it that the event could follow.
    func take(_ step: Int, _ numbers: some TrendNumbers, _ words: UnsafeMutablePointer<UInt64>) -> Bool {
        self.isKleene.withUnsafeBufferPointer { isKleene in
            self.sums.withUnsafeBufferPointer { sums in
                self.surveys.withUnsafeBufferPointer { surveys in
                    guard let first = isKleene.baseAddress else { return false }
                    return TrendKernel(self, isKleene: first, sums: sums, surveys: surveys).take(step, numbers, words)
                }
            }
        }
    }
}
