import Engine

/// Looks from time to time at how much a pipeline holds, and says what follows from it.
struct MemoryWatch: ~Copyable {
    enum Finding {
        case enough
        /// No events may be taken before it holds less.
        case full(StreamState)
        /// The pipeline has to end, with a sentence why.
        case tooMuch(String)
    }

    private let budget: StateBudget
    /// The most that all streams of the pipeline may hold together.
    private let bytesMax: Int
    private var lastWeighing = ContinuousClock.now
    /// Since when the pipeline takes no events.
    private var fullSince: ContinuousClock.Instant?

    /// Whether events came since it looked last.
    var isBehind = false

    static let interval: Duration = .milliseconds(250)

    init(_ budget: StateBudget, bytesMax: Int) {
        self.budget = budget
        self.bytesMax = bytesMax
    }

    var isDue: Bool { .now - self.lastWeighing >= Self.interval }

    mutating func look(at states: [StreamState], _ progress: PipelineProgress) -> Finding {
        self.lastWeighing = .now
        self.isBehind = false
        let held = states.reduce(0) { $0 + $1.bytes }
        let finding = self.finding(states, held)
        var waited: Duration = .zero
        if let since = self.fullSince { waited = .now - since }
        if case .full = finding { self.fullSince = .now } else { self.fullSince = nil }
        progress.count {
            $0.heldBytes = held
            $0.streamStates = states
            $0.waited += waited
            if case .full(let state) = finding { $0.fullStream = state.name } else { $0.fullStream = nil }
        }
        return finding
    }

    private func finding(_ states: [StreamState], _ held: Int) -> Finding {
        if held > self.bytesMax {
            return .tooMuch(
                "the program holds \(held >> 20) MiB of events, and may hold \(self.bytesMax >> 20) MiB"
            )
        }
        guard let state = self.budget.overrun(among: states) else { return .enough }
        guard self.budget.policy == .fail else { return .full(state) }
        return .tooMuch("\(state), and may hold \(self.budget.bytesPerStream >> 20) MiB")
    }
}
