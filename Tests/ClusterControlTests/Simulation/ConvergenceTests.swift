import ClusterControl
import ClusterState
import Foundation
import Testing

@Suite("Convergence")
struct ConvergenceTests {
    /// `SEED=n swift test --filter ConvergenceTests` repeats one run.
    static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) }.map { [$0] } ?? Array(1...16)

    @Test("after five rough minutes everything runs exactly once, soon, and then nothing moves", arguments: seeds)
    func convergence(seed: UInt64) throws {
        var world = World(seed: seed, machines: 4)
        for _ in 0..<600 {
            world.step()
            try #require(world.violation == nil, "at \(world.now)")
        }
        try #require(world.state.groupCount > 0)
        world.calmDown()
        // At worst the timeout (15 s), the longest back-off (30 s), a heartbeat (5 s) on either side, late mail (10 s).
        for _ in 0..<130 {
            world.step()
            try #require(world.violation == nil, "at \(world.now)")
        }
        try #require(world.shortcoming == nil)
        for _ in 0..<60 {
            world.step()
            try #require(world.lastActions.isEmpty)
            try #require(world.shortcoming == nil)
        }
    }

    @Test(
        "a death in calm weather is mended within the timeout and a few seconds, and with sessions at once",
        arguments: [(false, 36), (true, 4)]
    )
    func failover(hasSessions: Bool, halfSecondsMax: Int) throws {
        var world = World(seed: 7, machines: 3)
        for _ in 0..<240 { world.step() }
        world.calmDown()
        for _ in 0..<130 { world.step() }
        try #require(world.shortcoming == nil)
        let victim = try #require(world.machines.firstIndex { !$0.pipelines.isEmpty })
        try #require(world.machines.count { $0.isUp } > 1)
        world.hasSessions = hasSessions
        world.kill(victim)
        try #require(world.shortcoming != nil)
        var halfSeconds = 0
        while world.shortcoming != nil, halfSeconds < 100 {
            world.step()
            halfSeconds += 1
        }
        #expect(halfSeconds <= halfSecondsMax, "it took \(halfSeconds) half seconds")
    }
}
