extension Command.StartMigration: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.value(self.migration)
        writer.value(self.placement)
        writer.value(self.from)
        writer.value(self.target)
        writer.value(self.reason)
        writer.optional(self.drain) { $0.number($1) }
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            migration: try reader.value(),
            placement: try reader.value(),
            from: try reader.value(),
            target: try reader.value(),
            reason: try reader.value(),
            drain: try reader.optional { reader throws(DecodingFailure) in try reader.number() }
        )
    }
}

extension Command.AdvanceMigration: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.value(self.migration)
        writer.value(self.from)
        writer.value(self.to)
        writer.optional(self.checkpoint) { $0.text($1) }
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            migration: try reader.value(),
            from: try reader.value(),
            to: try reader.value(),
            checkpoint: try reader.optional { reader throws(DecodingFailure) in try reader.text() }
        )
    }
}

extension Command.StartDrain: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.value(self.worker)
        writer.optional(self.incarnation) { $0.value($1) }
        writer.optional(self.deadlineMilliseconds) { $0.number($1) }
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            worker: try reader.value(),
            incarnation: try reader.optional { reader throws(DecodingFailure) in try reader.value() },
            deadlineMilliseconds: try reader.optional { reader throws(DecodingFailure) in try reader.number() }
        )
    }
}

extension Command.FinishDrain: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.value(self.worker)
        writer.number(self.drain)
        writer.value(self.end)
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(worker: try reader.value(), drain: try reader.number(), end: try reader.value())
    }
}

extension Command.Reassign: BinaryCoded {
    /// Whether its first form says all of it.
    var fitsEarlierForm: Bool { self.migration == nil }

    func encode(earlier writer: inout ByteWriter) {
        writer.value(self.placement)
        writer.value(self.from)
        writer.value(self.to)
    }

    func encode(into writer: inout ByteWriter) {
        self.encode(earlier: &writer)
        writer.optional(self.migration) { $0.value($1) }
    }

    init(earlier reader: inout ByteReader) throws(DecodingFailure) {
        self.init(placement: try reader.value(), from: try reader.value(), to: try reader.value())
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        try self.init(earlier: &reader)
        self.migration = try reader.optional { reader throws(DecodingFailure) in try reader.value() }
        if self.fitsEarlierForm { throw reader.failure(.invalid, "a reassignment is in a longer form than it needs") }
    }
}
