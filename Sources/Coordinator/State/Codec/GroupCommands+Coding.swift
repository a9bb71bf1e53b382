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

extension Command.UpdateGroup: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.value(self.group)
        writer.number(self.generation)
        writer.value(self.spec)
        writer.choices(self.workers)
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            group: try reader.value(),
            generation: try reader.number(),
            spec: try reader.value(),
            workers: try reader.choices()
        )
    }
}

extension Command.RollBackGroup: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.value(self.group)
        writer.number(self.generation)
        writer.text(self.reason)
        writer.choices(self.workers)
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            group: try reader.value(),
            generation: try reader.number(),
            reason: try reader.text(),
            workers: try reader.choices()
        )
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
