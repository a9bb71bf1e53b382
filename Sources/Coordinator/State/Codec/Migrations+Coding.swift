extension ClusterState.Migration.Reason: BinaryCoded {}
extension ClusterState.Drain.Phase: BinaryCoded {}
extension Command.FinishDrain.End: BinaryCoded {}

extension ClusterState.Migration.Phase: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .checkpointing: writer.byte(0)
        case .deploying: writer.byte(1)
        case .restoring: writer.byte(2)
        case .switching: writer.byte(3)
        case .cleaningUp: writer.byte(4)
        case .completed: writer.byte(5)
        case .failed(let reason):
            writer.byte(6)
            writer.text(reason)
        case .cancelled: writer.byte(7)
        }
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        switch try reader.byte() {
        case 0: self = .checkpointing
        case 1: self = .deploying
        case 2: self = .restoring
        case 3: self = .switching
        case 4: self = .cleaningUp
        case 5: self = .completed
        case 6: self = .failed(try reader.text())
        case 7: self = .cancelled
        case let tag: throw reader.failure(.unknown, "no phase of a migration is numbered \(tag)")
        }
    }
}

extension ClusterState.Migration: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.value(self.id)
        writer.value(self.placement)
        writer.value(self.source)
        writer.value(self.sourceEpoch)
        writer.value(self.target)
        writer.optional(self.targetEpoch) { $0.value($1) }
        writer.value(self.reason)
        writer.optional(self.drain) { $0.number($1) }
        writer.value(self.phase)
        writer.flag(self.ranAtSource)
        writer.optional(self.checkpoint) { $0.text($1) }
        writer.number(self.startIndex)
        writer.number(self.startedMilliseconds)
        writer.number(self.phaseMilliseconds)
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            id: try reader.value(),
            placement: try reader.value(),
            source: try reader.value(),
            sourceEpoch: try reader.value(),
            target: try reader.value(),
            targetEpoch: try reader.optional { reader throws(DecodingFailure) in try reader.value() },
            reason: try reader.value(),
            drain: try reader.optional { reader throws(DecodingFailure) in try reader.number() },
            phase: try reader.value(),
            ranAtSource: try reader.flag(),
            checkpoint: try reader.optional { reader throws(DecodingFailure) in try reader.text() },
            startIndex: try reader.number(),
            startedMilliseconds: try reader.number(),
            phaseMilliseconds: try reader.number()
        )
    }
}

extension ClusterState.Drain: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.number(self.startIndex)
        writer.number(self.startedMilliseconds)
        writer.optional(self.deadlineMilliseconds) { $0.number($1) }
        writer.value(self.phase)
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            startIndex: try reader.number(),
            startedMilliseconds: try reader.number(),
            deadlineMilliseconds: try reader.optional { reader throws(DecodingFailure) in try reader.number() },
            phase: try reader.value()
        )
    }
}
