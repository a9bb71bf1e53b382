public import ClusterState

/// The placement strategies by their names.
public struct PlacementStrategies: Sendable {
    public static let standard = PlacementStrategies([RoundRobin(), LeastLoaded(), Affinity()])

    private let strategies: [any PlacementStrategy]

    public init(_ strategies: [any PlacementStrategy]) { self.strategies = strategies }

    public var names: [StrategyName] { self.strategies.map { type(of: $0).name } }

    public subscript(name: StrategyName) -> (any PlacementStrategy)? {
        self.strategies.first { type(of: $0).name == name }
    }

    /// A sentence about the first strategy that the spec asks for and that is none of these. To be asked before a
    /// deploy is proposed: the state does not know what the names stand for.
    public func fault(in spec: ClusterState.GroupSpec) -> String? {
        for name in [spec.strategy] + spec.pipelines.map(\.strategy) {
            guard let name, self[name] == nil else { continue }
            let known = self.names.map(\.rawValue).joined(separator: ", ")
            return "there is no placement strategy \(name); there are \(known)"
        }
        return nil
    }
}
