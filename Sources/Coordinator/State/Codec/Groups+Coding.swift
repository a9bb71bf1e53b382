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

extension ClusterState.Group: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.value(self.id)
        writer.value(self.spec)
        writer.number(self.generation)
        writer.list(self.placements)
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            id: try reader.value(),
            spec: try reader.value(),
            generation: try reader.number(),
            placements: try reader.list()
        )
    }

    /// As version 2 of the state has it.
    init(earlier reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            id: try reader.value(),
            spec: try ClusterState.GroupSpec(earlier: &reader),
            generation: try reader.number(),
            placements: try reader.list()
        )
    }
}

extension ClusterState.Placement: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.value(self.pipeline)
        writer.optional(self.replica) { $0.number($1) }
        writer.optional(self.worker) { $0.value($1) }
        writer.value(self.epoch)
        writer.value(self.status)
        writer.text(self.pipelineID)
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            pipeline: try reader.value(),
            replica: try reader.optional { reader throws(DecodingFailure) in try reader.number32() },
            worker: try reader.optional { reader throws(DecodingFailure) in try reader.value() },
            epoch: try reader.value(),
            status: try reader.value(),
            pipelineID: try reader.text()
        )
    }
}

extension ClusterState.Placement.Status: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .pending: writer.byte(0)
        case .running: writer.byte(1)
        case .failed(let reason):
            writer.byte(2)
            writer.text(reason)
        case .stopped: writer.byte(3)
        }
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        switch try reader.byte() {
        case 0: self = .pending
        case 1: self = .running
        case 2: self = .failed(try reader.text())
        case 3: self = .stopped
        case let tag: throw reader.failure(.unknown, "no placement status is numbered \(tag)")
        }
    }
}

// MARK: - Commands

extension Command.DeployGroup: BinaryCoded {
    func encode(earlier writer: inout ByteWriter) {
        writer.value(self.group)
        self.spec.encode(earlier: &writer)
        writer.choices(self.workers)
    }

    func encode(into writer: inout ByteWriter) {
        writer.value(self.group)
        writer.value(self.spec)
        writer.choices(self.workers)
    }

    init(earlier reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            group: try reader.value(),
            spec: try ClusterState.GroupSpec(earlier: &reader),
            workers: try reader.choices()
        )
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(group: try reader.value(), spec: try reader.value(), workers: try reader.choices())
        if self.spec.fitsEarlierForm { throw reader.failure(.invalid, "a deploy is in a longer form than it needs") }
    }
}

extension ByteWriter {
    /// A list of workers, each of which may be absent.
    mutating func choices(_ workers: [WorkerID?]) {
        self.number(UInt64(workers.count))
        for worker in workers { self.optional(worker) { $0.value($1) } }
    }
}

extension ByteReader {
    mutating func choices() throws(DecodingFailure) -> [WorkerID?] {
        try self.list { reader throws(DecodingFailure) in
            try reader.optional { reader throws(DecodingFailure) in try reader.value() }
        }
    }
}
