import ClusterSimulation
import Testing

@Suite("Broken rules")
struct MutantTests {
    /// Each with a seed from which on some world shows what is wrong without the rule.
    static let mutants: [(Mutant, UInt64)] = [
        (.deployOlder, 1), (.claimUnread, 5), (.reconnect, 5), (.blameEarly, 1), (.ignoreLease, 1), (.nameless, 1),
        (.confirmUnheard, 28), (.hearFormer, 103), (.confirmAlone, 125),
    ]

    @Test("the simulation notices each rule that is broken", arguments: mutants)
    func dies(mutant: Mutant, first: UInt64) {
        let safety: Set<Invariant> = [.oneOwner, .epochsRise, .newerStays, .acknowledgedStays]
        for seed in first..<first + 200 {
            let overrides = Overrides(mutants: [mutant])
            guard let violation = World.run(seed: seed, steps: 8_000, overrides: overrides).violation else { continue }
            #expect(safety.contains(violation.invariant), "seed \(seed): \(violation)")
            return
        }
        Issue.record("\(mutant.rawValue) survives 200 seeds")
    }
}
