public import ClusterState

/// The worker with the fewest pipelines for its cores, of equals the one with fewer pipelines, then the first by id.
public struct LeastLoaded: PlacementStrategy {
    public static let name = StrategyName.leastLoaded

    public init() {}

    public func choose(among candidates: [PlacementCandidate], turn: UInt64) -> PlacementCandidate {
        candidates.dropFirst().reduce(candidates[0]) { Self.isLess($1, $0) ? $1 : $0 }
    }

    /// Multiplied crosswise: fractions would be rounded.
    static func isLess(_ one: PlacementCandidate, _ other: PlacementCandidate) -> Bool {
        let left = UInt64(one.pipelines) * UInt64(max(1, other.cpuCores))
        let right = UInt64(other.pipelines) * UInt64(max(1, one.cpuCores))
        return left == right ? one.pipelines < other.pipelines : left < right
    }
}
