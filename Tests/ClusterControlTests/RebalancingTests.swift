import ClusterControl
import ClusterState
import Testing

@Suite("Rebalancing")
struct RebalancingTests {
    private func key(_ number: Int) -> PlacementKey {
        PlacementKey(group: "g", pipeline: PipelineName("p\(number)"))
    }

    private func cluster(
        workers: Int = 3,
        at places: [WorkerID],
        _ change: (inout Cluster) -> Void = { _ in }
    ) -> Cluster {
        var cluster = Cluster(workers: workers)
        change(&cluster)
        cluster.deploy("g", on: places)
        for number in places.indices { cluster.report(self.key(number + 1)) }
        return cluster
    }

    @Test("workers with more than one pipeline above the average give some away, the busiest first")
    func moves() {
        let cluster = self.cluster(at: Array(repeating: "w1", count: 6))
        let events = [self.key(3): 50, self.key(5): 70, self.key(1): 10] as [PlacementKey: UInt64]
        let moves = Rebalancing.moves(in: cluster.state, eventCounts: events)
        // Two each is the average; three is not more than one above it.
        #expect(moves.map(\.placement) == [self.key(5), self.key(3), self.key(1)])
        #expect(moves.map(\.target) == ["w2", "w3", "w2"])
        #expect(moves.allSatisfy { $0.reason == .rebalance && $0.drain == nil })
        var after = cluster
        for move in moves { after.apply(.startMigration(move)) }
        #expect(Rebalancing.moves(in: after.state).isEmpty)
        for move in moves { after.advance(move.migration, to: .deploying) }
        #expect(after.state.workers.map(\.assignedCount) == [3, 2, 1])
        #expect(Rebalancing.moves(in: after.state).isEmpty)
    }

    @Test("nothing moves where all is even, or where there is nowhere to go")
    func even() {
        #expect(Rebalancing.moves(in: self.cluster(at: ["w1", "w1", "w2"]).state).isEmpty)
        #expect(Rebalancing.moves(in: self.cluster(workers: 1, at: ["w1", "w1", "w1"]).state).isEmpty)
        #expect(Rebalancing.moves(in: ClusterState()).isEmpty)
        var cluster = self.cluster(at: Array(repeating: "w1", count: 6))
        cluster.setStatus("w2", .unhealthy)
        #expect(Rebalancing.moves(in: cluster.state) { $0.id != "w3" }.isEmpty)
    }

    @Test("what prefers a worker, does not run or is on its way stays")
    func staying() {
        var cluster = Cluster(workers: 2)
        let pipelines = (1...6).map { number in
            ClusterState.PipelineSpec(
                name: PipelineName("p\(number)"),
                source: "s",
                workerAffinity: number < 3 ? "w1" : nil
            )
        }
        let spec = ClusterState.GroupSpec(name: "g", pipelines: pipelines)
        cluster.apply(
            .deployGroup(.init(group: "g", spec: spec, workers: Array(repeating: "w1", count: 6)))
        )
        for number in 1...5 { cluster.report(self.key(number)) }
        cluster.migrate("m", self.key(3), to: "w2")
        #expect(Rebalancing.moves(in: cluster.state).map(\.placement) == [self.key(4)])
    }

    @Test("labels hold")
    func labels() {
        var cluster = Cluster(workers: 2)
        cluster.register("w3", labels: ["zone": "a"])
        cluster.register("w4", labels: ["zone": "a"])
        let spec = ClusterState.GroupSpec(
            name: "g",
            pipelines: (1...6).map { .init(name: PipelineName("p\($0)"), source: "s", labels: ["zone": "a"]) }
        )
        cluster.apply(
            .deployGroup(.init(group: "g", spec: spec, workers: Array(repeating: "w3", count: 6)))
        )
        for number in 1...6 { cluster.report(self.key(number)) }
        let moves = Rebalancing.moves(in: cluster.state)
        #expect(!moves.isEmpty && moves.allSatisfy { $0.target == "w4" })
    }
}
