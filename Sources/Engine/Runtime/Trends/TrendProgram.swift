/// What all windows of a stream have in common.
struct TrendProgram: Sendable {
    let trends: CompiledTrends
    let layout: TrendLayout
    /// How many groups a window may have.
    let groupsMax: Int

    init(_ trends: CompiledTrends, groupsMax: Int = TrendGraph.groupsMax) {
        self.trends = trends
        self.layout = TrendLayout(trends.steps, trends.items)
        self.groupsMax = groupsMax
    }

    /// Adds what an event itself adds to the sums of the trends that end with it.
    func addOwn(_ event: Event, of step: Int, to amounts: inout [Double]) {
        for (place, sum) in self.layout.sums.enumerated() where sum.step == step {
            guard let number = event.fields[self.layout.arguments[sum.argument]].number else { continue }
            amounts[1 + place] += number * amounts[0]
        }
    }

    /// Counts complete trends.
    func complete(_ count: UInt64, _ amounts: [Double], _ words: UnsafeMutablePointer<UInt64>) {
        words[TrendLayout.complete] = TrendLayout.sum(words[TrendLayout.complete], count)
        guard let weightBase = self.layout.weightBase else { return }
        let bases = [weightBase] + self.layout.sums.map(\.base)
        for (place, base) in bases.enumerated() {
            let word = base + self.layout.stepCount
            words[word] = (Double(bitPattern: words[word]) + amounts[place]).bitPattern
        }
    }
}

/// The numbers of an event.
struct EventNumbers: TrendNumbers {
    let fields: Fields
    let names: [String]

    func number(_ argument: Int) -> Double? { self.fields[self.names[argument]].number }
}

extension Value? {
    /// An int or a float; nil for anything else.
    var number: Double? {
        switch self {
        case .int(let int): Double(int)
        case .float(let float): float
        default: nil
        }
    }
}
