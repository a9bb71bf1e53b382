extension ClusterState.GroupSpec: BinaryCoded {
    /// Whether its first form says all of it.
    var fitsEarlierForm: Bool { self.strategy == nil && self.pipelines.allSatisfy(\.fitsEarlierForm) }

    func encode(earlier writer: inout ByteWriter) {
        writer.value(self.name)
        writer.number(UInt64(self.pipelines.count))
        for pipeline in self.pipelines { pipeline.encode(earlier: &writer) }
        writer.list(self.routes)
    }

    func encode(into writer: inout ByteWriter) {
        writer.value(self.name)
        writer.list(self.pipelines)
        writer.list(self.routes)
        writer.optional(self.strategy) { $0.value($1) }
    }

    init(earlier reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            name: try reader.value(),
            pipelines: try reader.list { reader throws(DecodingFailure) in
                try ClusterState.PipelineSpec(earlier: &reader)
            },
            routes: try reader.list()
        )
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            name: try reader.value(),
            pipelines: try reader.list(),
            routes: try reader.list(),
            strategy: try reader.optional { reader throws(DecodingFailure) in try reader.value() }
        )
    }
}

extension ClusterState.PipelineSpec: BinaryCoded {
    var fitsEarlierForm: Bool { self.labels.items.isEmpty && self.spread == nil && self.strategy == nil }

    func encode(earlier writer: inout ByteWriter) {
        writer.value(self.name)
        writer.text(self.source)
        writer.optional(self.workerAffinity) { $0.value($1) }
        writer.number(self.replicas)
        writer.optional(self.partitionKey) { $0.text($1) }
    }

    func encode(into writer: inout ByteWriter) {
        self.encode(earlier: &writer)
        writer.value(self.labels)
        writer.optional(self.spread) { $0.value($1) }
        writer.optional(self.strategy) { $0.value($1) }
    }

    init(earlier reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            name: try reader.value(),
            source: try reader.text(),
            workerAffinity: try reader.optional { reader throws(DecodingFailure) in try reader.value() },
            replicas: try reader.number32(),
            partitionKey: try reader.optional { reader throws(DecodingFailure) in try reader.text() }
        )
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        try self.init(earlier: &reader)
        self.labels = try reader.value()
        self.spread = try reader.optional { reader throws(DecodingFailure) in try reader.value() }
        self.strategy = try reader.optional { reader throws(DecodingFailure) in try reader.value() }
    }
}

extension ClusterState.Route: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.text(self.from)
        writer.text(self.to)
        writer.number(UInt64(self.eventTypes.count))
        for type in self.eventTypes { writer.text(type) }
        writer.optional(self.topic) { $0.text($1) }
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        let from = try reader.text()
        let to = try reader.text()
        let types: [Identifier<Self>] = try reader.list()
        self.init(
            from: from,
            to: to,
            eventTypes: types.map(\.rawValue),
            topic: try reader.optional { reader throws(DecodingFailure) in try reader.text() }
        )
    }
}
