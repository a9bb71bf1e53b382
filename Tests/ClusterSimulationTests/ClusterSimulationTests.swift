import ClusterSimulation
import Testing

@Suite("Cluster simulation")
struct ClusterSimulationTests {
    @Test("equal seeds give equal histories, to the last step")
    func determinism() {
        for seed: UInt64 in 1...3 {
            let first = World.run(seed: seed, steps: 3_000)
            let second = World.run(seed: seed, steps: 3_000)
            #expect(first.report.trace == second.report.trace)
            #expect(first.report.steps == second.report.steps)
        }
    }

    @Test("different seeds give different histories")
    func difference() {
        let first = World.run(seed: 1, steps: 2_000)
        let second = World.run(seed: 2, steps: 2_000)
        #expect(first.report.trace != second.report.trace)
    }

    @Test("a few seeds break nothing, and workers are lost, pipelines move and owners are superseded in them")
    func fewSeeds() {
        var total = Report()
        for seed: UInt64 in 1...25 {
            let (report, violation) = World.run(seed: seed, steps: 6_000)
            #expect(violation == nil, "seed \(seed): \(violation.map(\.description) ?? "")")
            total.add(report)
        }
        let expected: [Happening] = [
            .elections, .lostWorkers, .reassignments, .takeovers, .superseded, .publishes, .leasedPublishes,
            .acknowledged,
        ]
        for happening in expected { #expect(total[.event(happening)] > 0, "never seen: \(happening.rawValue)") }
    }
}
