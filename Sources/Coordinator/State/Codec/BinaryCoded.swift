/// A value with one binary form.
protocol BinaryCoded {
    func encode(into writer: inout ByteWriter)
    init(from reader: inout ByteReader) throws(DecodingFailure)
}

extension BinaryCoded {
    /// The value's own bytes, without a version: to tell whether two values are the same to the last byte.
    var canonicalBytes: [UInt8] {
        var writer = ByteWriter()
        self.encode(into: &writer)
        return writer.bytes
    }
}

extension Identifier: BinaryCoded {
    func encode(into writer: inout ByteWriter) { writer.text(self.rawValue) }
    init(from reader: inout ByteReader) throws(DecodingFailure) { self.init(try reader.text()) }
}

extension WorkerIncarnation: BinaryCoded {
    func encode(into writer: inout ByteWriter) { writer.number(self.rawValue) }
    init(from reader: inout ByteReader) throws(DecodingFailure) { self.init(try reader.number()) }
}

extension Epoch: BinaryCoded {
    func encode(into writer: inout ByteWriter) { writer.number(self.rawValue) }
    init(from reader: inout ByteReader) throws(DecodingFailure) { self.init(try reader.number()) }
}

extension PlacementKey: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.value(self.group)
        writer.value(self.pipeline)
        writer.optional(self.replica) { $0.number($1) }
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(
            group: try reader.value(),
            pipeline: try reader.value(),
            replica: try reader.optional { reader throws(DecodingFailure) in try reader.number32() }
        )
    }
}

/// An enum without payloads, written as its raw value.
extension BinaryCoded where Self: RawRepresentable<UInt8> {
    func encode(into writer: inout ByteWriter) { writer.byte(self.rawValue) }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        let tag = try reader.byte()
        guard let value = Self(rawValue: tag) else {
            throw reader.failure(.unknown, "no \(Self.self) is numbered \(tag)")
        }
        self = value
    }
}

extension ClusterState.Worker.Status: BinaryCoded {}
extension Command.PutConnector.Mode: BinaryCoded {}
