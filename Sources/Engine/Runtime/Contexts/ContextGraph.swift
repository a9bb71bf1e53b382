/// Which contexts a program's streams run in, and what goes from one to the other.
public struct ContextGraph: Sendable {
    public struct Context: Sendable {
        /// `default` for the streams that name none.
        public let name: String
        /// The core that its thread is to run on.
        public let core: Int?
        /// The names of its streams.
        public let streams: [String]
        /// The types that its streams read, whoever gives them.
        public let typesRead: [String]
        let places: [Int]
        /// Nil for the default context.
        let declared: Int?
    }

    /// What goes from one context to another.
    public struct Edge: Sendable {
        /// Places in `contexts`.
        public let source: Int
        public let target: Int
        /// The names under which results are read there.
        public let types: [String]
    }

    /// Each after those from which something comes to it.
    public private(set) var contexts: [Context]
    /// In the order of their sources, then of their targets.
    public private(set) var edges: [Edge] = []

    public static let defaultName = "default"
    /// How many events may be on their way between two contexts, unless the caller says otherwise.
    public static let queueEventsUsual = 1000

    /// - Parameter streams: In no circle of contexts.
    init(_ plan: Plan) {
        let links = ContextLinks(plan.streams, plan.code, plan.functions)
        self.contexts = links.order.map { declared in
            let places = plan.streams.indices.filter { plan.streams[$0].context == declared }
            let context = declared.map { plan.contexts[$0] }
            return Context(
                name: context?.name ?? Self.defaultName,
                core: context?.cores.first.map { Int($0) },
                streams: places.map { plan.streams[$0].name },
                typesRead: Set(places.flatMap { plan.streams[$0].branches.map(\.type) }).sorted(),
                places: places,
                declared: declared
            )
        }
        for (source, from) in self.contexts.enumerated() {
            for (target, to) in self.contexts.enumerated() where source != target {
                let between = links.links.filter { $0.source == from.declared && $0.target == to.declared }
                let types = Set(between.map(\.type)).sorted()
                if !types.isEmpty { self.edges.append(Edge(source: source, target: target, types: types)) }
            }
        }
    }

    /// The places of the edges that come to a context.
    package func edges(to target: Int) -> [Int] { self.edges.indices.filter { self.edges[$0].target == target } }

    /// The places of the edges that leave a context.
    package func edges(from source: Int) -> [Int] { self.edges.indices.filter { self.edges[$0].source == source } }
}

extension Plan {
    public var contextGraph: ContextGraph { ContextGraph(self) }

    /// In how many contexts its streams run.
    public var contextCount: Int { Set(self.streams.map(\.context)).count }
}
