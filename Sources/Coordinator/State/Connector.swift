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

        /// Holds name, type, parameters and description in their binary form, checked when they came: a part of the
        /// log's entry or of the snapshot they came with. While the log holds the entry too, it costs nothing more.
        private let memory: [UInt8]
        private let start: UInt32
        private let end: UInt32

        /// `parameters` keep their order; proposers sort them by key.
        public init(name: ConnectorName, type: String, parameters: [Parameter], description: String? = nil) {
            func bytes(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }
            var draft = Draft(name: bytes(name.rawValue), type: bytes(type), parameterCount: parameters.count)
            for parameter in parameters {
                switch parameter.value {
                case .plain(let text): draft.add(bytes(parameter.key), bytes(text), isSealed: false)
                case .sealed(let box): draft.add(bytes(parameter.key), box[...], isSealed: true)
                }
            }
            self = draft.finish(description: description.map(bytes))
        }

        /// The bytes at `range` are a connector's, to the last one.
        init(checked memory: [UInt8], _ range: Range<Int>) {
            self.memory = memory
            self.start = UInt32(range.lowerBound)
            self.end = UInt32(range.upperBound)
        }

        /// All of the bytes.
        init(checked memory: [UInt8]) { self.init(checked: memory, 0..<memory.count) }

        var bytes: ArraySlice<UInt8> { self.memory[Int(self.start)..<Int(self.end)] }

        public static func == (a: Self, b: Self) -> Bool { a.bytes == b.bytes }
        public func hash(into hasher: inout Hasher) { hasher.combine(self.bytes) }
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
        var reader = ByteReader(self.memory, from: Int(self.start))
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

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        let start = reader.offset
        try Self.skip(&reader)
        let range = start..<reader.offset
        if range.count >= reader.bytes.count / 2 {
            self.init(checked: reader.bytes, range)
        } else {
            // The rest would stay in memory for as long as the connector does.
            self.init(checked: reader.bytes(from: start))
        }
    }

    /// Passes over a connector, and checks everything that taking it apart later relies on. Returns where its name is.
    @discardableResult
    static func skip(_ reader: inout ByteReader) throws(DecodingFailure) -> Range<Int> {
        let name = try reader.skipText()
        try reader.skipText()
        let count = try reader.number()
        guard count <= UInt64(reader.remaining) else {
            throw reader.failure(.truncated, "a list of \(count) reaches beyond the end")
        }
        for _ in 0..<count {
            try reader.skipText()
            switch try reader.byte() {
            case 0: try reader.skipText()
            case 1: try reader.skipRun()
            case let tag: throw reader.failure(.unknown, "no kind of parameter is numbered \(tag)")
            }
        }
        _ = try reader.optional { reader throws(DecodingFailure) in try reader.skipText() }
        return name
    }

    /// Where the name is of a connector that begins at `start`.
    static func nameRange(in memory: [UInt8], at start: Int) -> Range<Int> {
        // Short names have a length of one byte.
        let length = Int(memory[start])
        if length < 0x80 { return start + 1..<start + 1 + length }
        var reader = ByteReader(memory, from: start)
        guard let name = try? reader.run() else { preconditionFailure("a connector's bytes were checked before") }
        return name.startIndex..<name.endIndex
    }
}

extension ClusterState.Connector {
    /// A connector that is being written, from parts that are at hand as UTF-8.
    public struct Draft {
        private var writer = ByteWriter(capacity: 512)

        /// As many parameters have to be added, in the order of their keys.
        public init(name: ArraySlice<UInt8>, type: ArraySlice<UInt8>, parameterCount: Int) {
            self.writer.blob(name)
            self.writer.blob(type)
            self.writer.number(UInt64(parameterCount))
        }

        public mutating func add(_ key: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>, isSealed: Bool) {
            self.writer.blob(key)
            self.writer.byte(isSealed ? 1 : 0)
            self.writer.blob(value)
        }

        public consuming func finish(description: ArraySlice<UInt8>?) -> ClusterState.Connector {
            self.writer.optional(description) { $0.blob($1) }
            return ClusterState.Connector(checked: self.writer.bytes)
        }
    }
}
