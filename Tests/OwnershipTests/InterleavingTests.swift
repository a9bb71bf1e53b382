import Testing

/// Owners of one place that believe in it at the same time, in every order that a few thousand seeds find.
@Suite struct InterleavingTests {
    @Test(arguments: [
        (owners: 2, brokers: 1), (owners: 3, brokers: 1), (owners: 2, brokers: 2), (owners: 3, brokers: 2),
    ])
    func `once an epoch has published, no older one does, and the newest ends up owning`(
        owners: Int,
        brokers: Int
    ) {
        var publishers = Set<UInt64>()
        for seed in UInt64(1)...1000 {
            var world = ModelWorld(seed: seed, brokers: brokers)
            for _ in 0..<owners {
                world.assign()
                for _ in 0..<Int(seed % 97) * 2 + 3 { _ = world.step() }
            }
            for _ in 0..<300 { _ = world.step() }
            world.isStormy = false
            var steps = 0
            while world.step(), steps < 20_000 { steps += 1 }
            #expect(steps < 20_000, "seed \(seed) finds no rest")
            #expect(world.accepted == world.accepted.sorted(), "seed \(seed)")
            #expect(world.owningEpochs == [UInt64(owners)], "seed \(seed)")
            #expect(world.stoppedCount == owners - 1, "seed \(seed)")
            publishers.formUnion(world.accepted)
        }
        // Not for want of publishing.
        #expect(publishers.count == owners)
    }
}
