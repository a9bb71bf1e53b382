extension ClusterState {
    /// A named way to the outside that pipelines refer to.
    public struct Connector: Hashable, Sendable {
        /// A parameter's value: readable, or sealed by whoever proposed it. The state only carries it.
        ///
        /// A create that repeats another is recognised by its bytes, so sealing the same text twice has to give the
        /// same bytes.
        public enum Value: Hashable, Sendable {
            case plain(String)
            case sealed([UInt8])
        }

        public struct Parameter: Hashable, Sendable {
            public var key: String
            public var value: Value

            public init(key: String, value: Value) {
                self.key = key
                self.value = value
            }
        }

        public var name: ConnectorName
        public var type: String
        /// In the order in which they came; proposers sort them by key.
        public var parameters: [Parameter]
        public var description: String?

        public init(name: ConnectorName, type: String, parameters: [Parameter], description: String? = nil) {
            self.name = name
            self.type = type
            self.parameters = parameters
            self.description = description
        }
    }
}
