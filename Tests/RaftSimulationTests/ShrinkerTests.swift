import Testing

@testable import RaftSimulation

@Suite("Shrinker")
struct ShrinkerTests {
    private static let big = Scenario(seed: 1, steps: 5_000)

    /// Breaks something exactly if crashes happen, among them the third and the seventh fault, with ten requests and 120
    /// steps.
    private static func brittle(_ scenario: Scenario) -> Failure? {
        let overrides = scenario.overrides
        let isBroken =
            scenario.steps >= 120 && !overrides.without.contains("crash") && overrides.requestsMax >= 10
            && overrides.skipped.isDisjoint(with: [3, 7])
        guard isBroken else { return nil }
        let faults = (1...20).count { !overrides.skipped.contains($0) }
        return Failure(
            invariant: "brittle",
            steps: 120,
            faults: faults,
            lastFault: 20,
            requests: min(100, overrides.requestsMax)
        )
    }

    @Test("what is needed remains, and everything else goes")
    func minimal() throws {
        var shrinker = try #require(Shrinker(Self.big, run: Self.brittle))
        shrinker.shrink()
        #expect(shrinker.scenario.steps == 120)
        #expect(shrinker.scenario.overrides.without.isEmpty, "what would not have happened anyway is not named")
        #expect(shrinker.scenario.overrides.skipped == Set(1...20).subtracting([3, 7]))
        #expect(shrinker.scenario.overrides.requestsMax == 10)
        #expect(shrinker.failure.faults == 2)
        #expect(Self.brittle(shrinker.scenario) == shrinker.failure)
    }

    @Test("a run that breaks something else is not taken for the same")
    func otherInvariant() throws {
        var shrinker = try #require(
            Shrinker(Self.big) { scenario in
                let isWhole = scenario.steps == 5_000 && scenario.overrides == Overrides()
                return Failure(
                    invariant: isWhole ? "this" : "that",
                    steps: 5_000,
                    faults: 5,
                    lastFault: 5,
                    requests: 5
                )
            }
        )
        shrinker.shrink()
        #expect(shrinker.scenario == Self.big)
    }

    @Test("a run that breaks nothing cannot be made smaller")
    func nothingBroken() {
        #expect(Shrinker(Self.big, run: { _ in nil }) == nil)
    }

    @Test("the number of runs is limited")
    func limit() throws {
        var runs = 0
        var shrinker = try #require(
            Shrinker(Self.big, runsMax: 20) { scenario in
                runs += 1
                return Self.brittle(scenario)
            }
        )
        shrinker.shrink()
        #expect(runs == 21)
        #expect(Self.brittle(shrinker.scenario) == shrinker.failure)
    }

    /// The simulation with an oracle that forbids something lawful: a second loss of power.
    private static func forbidding(_ scenario: Scenario) -> Failure? {
        var losses = 0
        var faults = 0
        var steps = 0
        var failure: Failure?
        let report = World.run(seed: scenario.seed, steps: scenario.steps, overrides: scenario.overrides) { line in
            if line.contains("loses power") { losses += 1 }
            if line.contains("fault") { faults += 1 }
            if line.contains("<-") { steps += 1 }
            guard losses == 2, failure == nil else { return }
            failure = Failure(invariant: "second loss", steps: steps, faults: faults, lastFault: 0, requests: 0)
        }.report
        failure?.lastFault = report.faults
        return failure
    }

    @Test("runs of the simulation get smaller, and are repeated exactly by what they were reduced to")
    func world() {
        var before = (faults: 0, steps: 0)
        var after = before
        for seed: UInt64 in 1...8 {
            let whole = Scenario(seed: seed, steps: 1_000)
            // Not every world has faults of the kind.
            guard var shrinker = Shrinker(whole, runsMax: 100, run: Self.forbidding) else { continue }
            before = (before.faults + shrinker.failure.faults, before.steps + shrinker.failure.steps)
            shrinker.shrink()
            after = (after.faults + shrinker.failure.faults, after.steps + shrinker.failure.steps)
            #expect(Self.forbidding(shrinker.scenario) == shrinker.failure)
        }
        #expect(after.faults <= before.faults, "\(before.faults) faults became \(after.faults)")
        #expect(after.steps < before.steps, "\(before.steps) steps became \(after.steps)")
    }
}

@Suite("Overrides")
struct OverridesTests {
    @Test("a fault that is left out uses up the chance that it would have used", arguments: UInt64(1)...40)
    func chance(seed: UInt64) throws {
        var struck = World(seed: seed)
        var spared = World(seed: seed, overrides: Overrides(without: Set(Overrides.kinds)))
        for place in struck.members.indices {
            try struck.powerUp(place)
            try spared.powerUp(place)
        }
        try struck.faultStrikes()
        try spared.faultStrikes()
        let (one, other) = (struck.draw(0...UInt64.max), spared.draw(0...UInt64.max))
        #expect(one == other)
        #expect(spared.members.allSatisfy { $0.process != nil && $0.pausedUntil == 0 })
        #expect(spared.report.faults == struck.report.faults)
        #expect(spared.report.faultsLeftOut == spared.report.faults)
    }

    @Test("nothing of a kind that is switched off happens")
    func kinds() {
        var total = Report()
        for seed: UInt64 in 1...10 {
            let overrides = Overrides(without: Set(Overrides.kinds))
            let (report, violation) = World.run(seed: seed, steps: 1_000, overrides: overrides)
            #expect(violation == nil, "seed \(seed): \(violation.map(\.description) ?? "")")
            total.add(report)
        }
        #expect(total.faults > 0 && total.faultsLeftOut == total.faults)
        #expect(total.crashes + total.partitions + total.pauses + total.dropped + total.duplicated == 0)
        #expect(total.elections > 0 && total.acknowledged > 0)
    }

    @Test("a single fault is left out by its number, and all before it is as it was")
    func single() throws {
        var whole: [String] = []
        var without: [String] = []
        _ = World.run(seed: 3, steps: 2_000) { whole.append($0) }
        let place = try #require(whole.firstIndex { $0.contains("fault 3:") })
        _ = World.run(seed: 3, steps: 2_000, overrides: Overrides(skipped: [3])) { without.append($0) }
        #expect(without.count > place && Array(without.prefix(place)) == Array(whole.prefix(place)))
        #expect(!without.contains { $0.contains("fault 3:") })
        #expect(without.contains { $0.contains("fault 4:") })
    }

    @Test("clients make no more requests than allowed, until everything heals")
    func requests() {
        let quiet = World.run(seed: 3, steps: 500, overrides: Overrides(requestsMax: 0))
        #expect(quiet.violation == nil)
        // Healing counts a hundred writes as proof of service.
        #expect(quiet.report.acknowledged >= 100)
        let busy = World.run(seed: 3, steps: 500)
        #expect(quiet.report.acknowledged < busy.report.acknowledged)
    }
}
