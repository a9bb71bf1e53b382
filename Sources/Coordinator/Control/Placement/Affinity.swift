public import ClusterState

/// The worker that has most of the group already, so that its pipelines stay together; of equals, the least loaded.
public struct Affinity: PlacementStrategy {
    public static let name = StrategyName.affinity

    public init() {}

    public func choose(among candidates: [PlacementCandidate], turn: UInt64) -> PlacementCandidate {
        let most = candidates.reduce(0) { max($0, $1.groupPipelines) }
        return LeastLoaded().choose(among: candidates.filter { $0.groupPipelines == most }, turn: turn)
    }
}
