import ClusterSimulation
import Testing

@Suite("Broken rules")
struct MutantTests {
    /// Each with a seed from which on some world shows what is wrong without the rule. What shows in one of hundreds only is
    /// left to longer runs.
    static let mutants: [(Mutant, UInt64)] = [
        (.deployOlder, 30), (.claimUnread, 36), (.reconnect, 64), (.blameEarly, 19), (.ignoreLease, 6), (.nameless, 5),
        (.confirmUnheard, 77),
    ]

    @Test("the simulation notices each rule that is broken", arguments: mutants)
    func dies(mutant: Mutant, first: UInt64) {
        let safety: Set<Invariant> = [.oneOwner, .epochsRise, .newerStays, .acknowledgedStays]
        for seed in first..<first + 200 {
            let overrides = Overrides(mutants: [mutant])
            guard let violation = World.run(seed: seed, steps: 10_000, overrides: overrides).violation else { continue }
            #expect(safety.contains(violation.invariant), "seed \(seed): \(violation)")
            return
        }
        Issue.record("\(mutant.rawValue) survives 200 seeds")
    }
}
