extension Labels: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.number(UInt64(self.items.count))
        for item in self.items {
            writer.value(item.key)
            writer.value(item.value)
        }
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        let items = try reader.list { reader throws(DecodingFailure) in
            Item(key: try reader.value(), value: try reader.value())
        }
        for (one, next) in zip(items, items.dropFirst()) where one.key >= next.key {
            throw reader.failure(.invalid, "the keys of labels are not in order")
        }
        self.init(ordered: items)
    }
}

extension ClusterState.Worker.Capacity: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.number(self.cpuCores)
        writer.number(self.pipelinesMax)
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(cpuCores: try reader.number32(), pipelinesMax: try reader.number32())
    }
}

extension ClusterState.Worker: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.value(self.id)
        writer.value(self.incarnation)
        writer.text(self.address)
        writer.value(self.capacity)
        writer.value(self.labels)
        writer.value(self.status)
        writer.optional(self.key) { $0.value($1) }
        writer.number(self.registrationIndex)
        writer.optional(self.drain) { $0.value($1) }
        writer.optional(self.sealedKey) { $0.blob($1) }
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        try self.init(third: &reader)
        self.sealedKey = try reader.optional { reader throws(DecodingFailure) in try reader.blob() }
    }

    /// As version 3 of the state has it.
    init(third reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            id: try reader.value(),
            incarnation: try reader.value(),
            address: try reader.text(),
            capacity: try reader.value(),
            labels: try reader.value(),
            status: try reader.value(),
            key: try reader.optional { reader throws(DecodingFailure) in try reader.value() },
            registrationIndex: try reader.number(),
            drain: try reader.optional { reader throws(DecodingFailure) in try reader.value() }
        )
    }

    /// As version 2 of the state has it.
    init(second reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            id: try reader.value(),
            incarnation: try reader.value(),
            address: try reader.text(),
            capacity: try reader.value(),
            status: try reader.value(),
            registrationIndex: try reader.number()
        )
        guard self.status == .draining else { return }
        self.drain = ClusterState.Drain(
            startIndex: self.registrationIndex,
            startedMilliseconds: 0,
            deadlineMilliseconds: nil,
            phase: .moving
        )
    }
}

extension Command.Register: BinaryCoded {
    /// Whether its first form says all of it.
    var fitsEarlierForm: Bool {
        self.labels.items.isEmpty && self.key == nil && !self.takesOver && self.sealedKey == nil
    }

    func encode(earlier writer: inout ByteWriter) {
        writer.value(self.worker)
        writer.value(self.incarnation)
        writer.text(self.address)
        writer.value(self.capacity)
        writer.optional(self.replacing) { $0.value($1) }
    }

    func encode(into writer: inout ByteWriter) {
        self.encode(earlier: &writer)
        writer.value(self.labels)
        writer.optional(self.key) { $0.value($1) }
        writer.flag(self.takesOver)
    }

    init(earlier reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            worker: try reader.value(),
            incarnation: try reader.value(),
            address: try reader.text(),
            capacity: try reader.value(),
            replacing: try reader.optional { reader throws(DecodingFailure) in try reader.value() }
        )
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        try self.init(long: &reader)
        if self.fitsEarlierForm { throw reader.failure(.invalid, "a registration is in a longer form than it needs") }
    }

    private init(long reader: inout ByteReader) throws(DecodingFailure) {
        try self.init(earlier: &reader)
        self.labels = try reader.value()
        self.key = try reader.optional { reader throws(DecodingFailure) in try reader.value() }
        self.takesOver = try reader.flag()
    }

    /// With a key of the worker's own.
    func encode(keyed writer: inout ByteWriter) {
        self.encode(into: &writer)
        writer.blob(self.sealedKey ?? [])
    }

    init(keyed reader: inout ByteReader) throws(DecodingFailure) {
        try self.init(long: &reader)
        self.sealedKey = try reader.blob()
    }
}
