/// One run of the simulation: a seed, how long, and what is left out.
public struct Scenario: Hashable, Sendable {
    public var seed: UInt64
    /// Steps before everything heals.
    public var steps: Int
    public var overrides: Overrides

    public init(seed: UInt64, steps: Int, overrides: Overrides = Overrides()) {
        self.seed = seed
        self.steps = steps
        self.overrides = overrides
    }
}

/// How a scenario breaks a promise.
public struct Failure: Hashable, Sendable {
    /// The violation's name.
    public var invariant: String
    /// How many steps it took, or, if the cluster never served again, how many there were before everything healed.
    public var steps: Int
    /// Faults that struck, and the number of the last one, left out or not.
    public var faults: Int
    public var lastFault: Int
    /// Requests that clients made before everything healed.
    public var requests: Int

    public init(invariant: String, steps: Int, faults: Int, lastFault: Int, requests: Int) {
        self.invariant = invariant
        self.steps = steps
        self.faults = faults
        self.lastFault = lastFault
        self.requests = requests
    }
}

/// Makes a failing scenario smaller, as long as it breaks the same invariant: fewer steps, fewer kinds of faults, fewer
/// faults, fewer requests.
///
/// What is left out changes everything after it, so this is a search among runs that are alike, not a proof that the rest
/// is needed. Each run it keeps has no more steps and no more faults than the one before. It ends when nothing more can be
/// left out by itself, or after `runsMax` runs.
public struct Shrinker {
    private let run: (Scenario) -> Failure?
    private var runsLeft: Int
    /// The smallest so far.
    public private(set) var scenario: Scenario
    /// How it fails.
    public private(set) var failure: Failure

    /// Nil if the scenario does not fail. `run` must give equal answers for equal scenarios.
    public init?(_ scenario: Scenario, runsMax: Int = 2_000, run: @escaping (Scenario) -> Failure?) {
        guard let failure = run(scenario) else { return nil }
        self.run = run
        self.runsLeft = runsMax
        self.scenario = scenario
        self.failure = failure
    }

    /// Runs the search. What it has come to is in `scenario` and `failure`.
    public mutating func shrink() {
        var before: Scenario
        repeat {
            before = self.scenario
            self.dropSteps()
            for kind in Overrides.kinds where !self.scenario.overrides.without.contains(kind) {
                self.attempt { $0.overrides.without.insert(kind) }
            }
            self.dropFaults()
            self.dropRequests()
        } while self.scenario != before && self.runsLeft > 0
        self.tidy()
    }

    /// Keeps a change if the same invariant is broken, no later and with no more faults.
    @discardableResult
    private mutating func attempt(stepsMax: Int? = nil, _ change: (inout Scenario) -> Void) -> Bool {
        guard self.runsLeft > 0 else { return false }
        self.runsLeft -= 1
        var candidate = self.scenario
        change(&candidate)
        guard let failure = self.run(candidate), failure.invariant == self.failure.invariant,
            failure.faults <= self.failure.faults, failure.steps <= stepsMax ?? self.failure.steps
        else { return false }
        self.scenario = candidate
        self.failure = failure
        return true
    }

    /// What fails before its steps are over needs no more of them; below that, halving.
    private mutating func dropSteps() {
        let needed = self.failure.steps
        if needed < self.scenario.steps, !self.attempt({ $0.steps = needed }) {
            // A fault that breaks something between two steps needs the run to go on for one more.
            self.attempt { $0.steps = needed + 1 }
        }
        var tooFew = 0
        while tooFew + 1 < self.scenario.steps, self.runsLeft > 0 {
            let middle = (tooFew + self.scenario.steps) / 2
            // Healing earlier, only to fail after the same number of steps, is nothing won.
            if !self.attempt(stepsMax: self.failure.steps - 1, { $0.steps = middle }) { tooFew = middle }
        }
    }

    /// Leaves out faults by halves, then by quarters, down to single ones, the last ones first.
    private mutating func dropFaults() {
        var size = max(1, self.failure.lastFault / 2)
        while true {
            var last = self.failure.lastFault
            while last > 0 {
                let chunk = max(1, last - size + 1)...last
                if !self.scenario.overrides.skipped.isSuperset(of: chunk) {
                    self.attempt { $0.overrides.skipped.formUnion(chunk) }
                }
                last = min(chunk.lowerBound - 1, self.failure.lastFault)
            }
            if size == 1 { break }
            size /= 2
        }
        // Numbers beyond the last fault mean nothing.
        let last = self.failure.lastFault
        self.scenario.overrides.skipped = self.scenario.overrides.skipped.filter { $0 <= last }
    }

    private mutating func dropRequests() {
        var tooFew = -1
        while tooFew + 1 < self.failure.requests, self.runsLeft > 0 {
            let middle = (tooFew + self.failure.requests) / 2
            if !self.attempt({ $0.overrides.requestsMax = middle }) { tooFew = middle }
        }
    }

    /// What would not have happened anyway need not be named.
    private mutating func tidy() {
        let overrides = self.scenario.overrides
        for kind in overrides.without.sorted() { self.restore { $0.without.remove(kind) } }
        for number in overrides.skipped.sorted() { self.restore { $0.skipped.remove(number) } }
    }

    private mutating func restore(_ change: (inout Overrides) -> Void) {
        guard self.runsLeft > 0 else { return }
        self.runsLeft -= 1
        var candidate = self.scenario
        change(&candidate.overrides)
        if self.run(candidate) == self.failure { self.scenario = candidate }
    }
}

extension World {
    /// Runs a scenario. Nil if it breaks nothing.
    public static func failure(of scenario: Scenario) -> Failure? {
        let (report, violation) = Self.run(seed: scenario.seed, steps: scenario.steps, overrides: scenario.overrides)
        guard let violation else { return nil }
        return Failure(
            invariant: violation.invariant,
            steps: violation.invariant == Violation.liveness ? min(report.steps, scenario.steps) : report.steps,
            faults: report.faults - report.faultsLeftOut,
            lastFault: report.faults,
            requests: min(report.requests, scenario.overrides.requestsMax)
        )
    }
}
