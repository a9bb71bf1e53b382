extension ClusterState {
    /// Sends events of some types from one pipeline (or from outside) to another.
    public struct Route: Hashable, Sendable {
        /// Stands for what is outside of the group.
        public static let external: PipelineName = "_external"
        /// How many a group may have, how many patterns each, and how long their texts may be.
        public static let countMax = 1_000
        public static let eventTypesMax = 256
        public static let textBytesMax = 1_024

        public var from: String
        public var to: String
        /// Each an exact type, a prefix followed by `*`, or `*` alone.
        public var eventTypes: [String]
        public var topic: String?

        public init(from: String, to: String, eventTypes: [String], topic: String? = nil) {
            self.from = from
            self.to = to
            self.eventTypes = eventTypes
            self.topic = topic
        }

        var source: PipelineName { PipelineName(self.from) }
        var target: PipelineName { PipelineName(self.to) }

        /// Whether it connects two pipelines of the group.
        var isInner: Bool { self.source != Self.external && self.target != Self.external }

        /// The topic of its events at a broker.
        func topic(in group: GroupID) -> String {
            self.topic ?? "varpulis/cluster/\(group)/\(self.from)/\(self.to)"
        }
    }
}

// MARK: - Faults

extension ClusterState.Route {
    /// What is wrong with it among these pipelines, as a sentence.
    func fault(among pipelines: Set<PipelineName>, overBroker: Bool) -> String? {
        for end in [self.source, self.target] where end != Self.external && !pipelines.contains(end) {
            return "a route names pipeline \(end), which the group does not have"
        }
        if self.source == self.target { return "a route leads from \(self.from) to itself" }
        if self.eventTypes.count > Self.eventTypesMax {
            return "the route from \(self.from) to \(self.to) must not have more than \(Self.eventTypesMax) event types"
        }
        guard self.eventTypes.allSatisfy({ (1...Self.textBytesMax).contains($0.utf8.count) }) else {
            return "an event type of a route must have 1 to \(Self.textBytesMax) bytes"
        }
        if let topic = self.topic { return Self.fault(inTopic: topic) }
        // The names become levels of the topic.
        if overBroker, (self.from + self.to).utf8.contains(where: { "/+#\0".utf8.contains($0) }) {
            return "the names of \(self.from) and \(self.to) must not contain / or +, or their route needs a topic"
        }
        return nil
    }

    private static func fault(inTopic topic: String) -> String? {
        guard (1...Self.textBytesMax).contains(topic.utf8.count) else {
            return "the topic of a route must have 1 to \(Self.textBytesMax) bytes"
        }
        if topic.utf8.contains(where: { "+#\0".utf8.contains($0) }) || topic.utf8.first == UInt8(ascii: "$") {
            return "the topic of a route must not have wildcards nor begin with $: \(topic)"
        }
        // Who owns a pipeline is told there.
        let reserved = "varpulis/cluster/\(GroupID.reserved)"
        if topic.utf8.elementsEqual(reserved.utf8) || topic.utf8.starts(with: (reserved + "/").utf8) {
            return "the topic of a route must not lie in \(reserved)"
        }
        return nil
    }
}

extension ClusterState.GroupSpec {
    var routeFault: String? {
        if let broker = self.broker, !(1...256).contains(broker.rawValue.utf8.count) {
            return "the name of the routes' connector must have 1 to 256 bytes"
        }
        if self.routes.count > ClusterState.Route.countMax {
            return "a group must not have more than \(ClusterState.Route.countMax) routes"
        }
        let pipelines = Set(self.pipelines.map(\.name))
        for route in self.routes {
            if let fault = route.fault(among: pipelines, overBroker: self.broker != nil) { return fault }
        }
        return nil
    }
}

extension GroupID {
    /// No group's id: in topics, it is where the owners of pipelines are told.
    static var reserved: GroupID { "owner" }
}
