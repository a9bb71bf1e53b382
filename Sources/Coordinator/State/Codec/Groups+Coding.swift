extension ClusterState.Group: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.value(self.id)
        writer.value(self.spec)
        writer.number(self.generation)
        writer.value(self.phase)
        writer.list(self.placements)
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            id: try reader.value(),
            spec: try reader.value(),
            generation: try reader.number(),
            phase: try reader.value(),
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

extension ClusterState.Group.Phase: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .settled: writer.byte(0)
        case .updating(let previous):
            writer.byte(1)
            writer.value(previous)
        case .rolledBack(let reason):
            writer.byte(2)
            writer.text(reason)
        }
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        switch try reader.byte() {
        case 0: self = .settled
        case 1: self = .updating(previous: try reader.value())
        case 2: self = .rolledBack(reason: try reader.text())
        case let tag: throw reader.failure(.unknown, "no phase of a group is numbered \(tag)")
        }
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
