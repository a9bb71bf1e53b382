extension ClusterState {
    /// A named way to the outside that pipelines refer to.
    ///
    /// There may be many, and they are replicated, stored and sent far more often than looked into. So one is kept as
    /// its encoding, in a single piece of memory, and taken apart where its parts are asked for.
    public struct Connector: Hashable, Sendable {
        /// A parameter's value: readable, or sealed by whoever proposed it. The state only carries it.
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

        /// Name, type, parameters and description in their binary form, checked when they came.
        let bytes: [UInt8]

        /// `parameters` keep their order; proposers sort them by key.
        public init(name: ConnectorName, type: String, parameters: [Parameter], description: String? = nil) {
            var writer = ByteWriter(capacity: 512)
            writer.value(name)
            writer.text(type)
            writer.number(UInt64(parameters.count))
            for parameter in parameters { parameter.encode(into: &writer) }
            writer.optional(description) { $0.text($1) }
            self.bytes = writer.bytes
        }

        /// `bytes` are a connector's, to the last one.
        init(checked bytes: [UInt8]) { self.bytes = bytes }
    }
}

// MARK: - Parts

extension ClusterState.Connector {
    /// The parts as UTF-8, or sealed bytes, at no cost but finding them.
    public struct Parts {
        public var name: ArraySlice<UInt8>
        public var type: ArraySlice<UInt8>
        public var parameters: [(key: ArraySlice<UInt8>, value: ArraySlice<UInt8>, isSealed: Bool)]
        public var description: ArraySlice<UInt8>?
    }

    public var name: ConnectorName {
        ConnectorName(self.read { reader throws(DecodingFailure) in try reader.text() })
    }

    public var type: String { String(decoding: self.parts.type, as: UTF8.self) }

    public var parameters: [Parameter] {
        self.parts.parameters.map { key, value, isSealed in
            Parameter(
                key: String(decoding: key, as: UTF8.self),
                value: isSealed ? .sealed(Array(value)) : .plain(String(decoding: value, as: UTF8.self))
            )
        }
    }

    public var description: String? { self.parts.description.map { String(decoding: $0, as: UTF8.self) } }

    public var parts: Parts { self.read { reader throws(DecodingFailure) in try Parts(&reader) } }

    private func read<Part>(_ part: (inout ByteReader) throws(DecodingFailure) -> Part) -> Part {
        var reader = ByteReader(self.bytes)
        do throws(DecodingFailure) {
            return try part(&reader)
        } catch {
            preconditionFailure("a connector's bytes were checked when they came: \(error)")
        }
    }
}

extension ClusterState.Connector.Parts {
    fileprivate init(_ reader: inout ByteReader) throws(DecodingFailure) {
        self.name = try reader.run()
        self.type = try reader.run()
        self.parameters = []
        let count = Int(try reader.number())
        self.parameters.reserveCapacity(count)
        for _ in 0..<count {
            let key = try reader.run()
            let isSealed = try reader.byte() == 1
            self.parameters.append((key, try reader.run(), isSealed))
        }
        self.description = try reader.optional { reader throws(DecodingFailure) in try reader.run() }
    }
}

// MARK: - Coding

extension ClusterState.Connector: BinaryCoded {
    func encode(into writer: inout ByteWriter) { writer.raw(self.bytes) }

    /// Checks everything that taking it apart later relies on.
    init(from reader: inout ByteReader) throws(DecodingFailure) {
        let start = reader.offset
        try reader.skipText()
        try reader.skipText()
        let count = try reader.number()
        guard count <= UInt64(reader.remaining) else {
            throw reader.failure(.truncated, "a list of \(count) reaches beyond the end")
        }
        for _ in 0..<count {
            try reader.skipText()
            switch try reader.byte() {
            case 0: try reader.skipText()
            case 1: _ = try reader.run()
            case let tag: throw reader.failure(.unknown, "no kind of parameter is numbered \(tag)")
            }
        }
        _ = try reader.optional { reader throws(DecodingFailure) in try reader.skipText() }
        self.init(checked: reader.bytes(from: start))
    }
}

extension ClusterState.Connector.Parameter {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.text(self.key)
        switch self.value {
        case .plain(let text):
            writer.byte(0)
            writer.text(text)
        case .sealed(let bytes):
            writer.byte(1)
            writer.blob(bytes)
        }
    }
}
