public import ClusterState

/// Workers take turns in the order of their ids.
public struct RoundRobin: PlacementStrategy {
    public static let name = StrategyName.roundRobin

    public init() {}

    public func choose(among candidates: [PlacementCandidate], turn: UInt64) -> PlacementCandidate {
        candidates[Int(turn % UInt64(candidates.count))]
    }
}
