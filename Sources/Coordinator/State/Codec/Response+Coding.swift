import RaftSessions

extension Response {
    public static let formatVersion: UInt8 = 1

    /// The bytes in which a response travels to the member that asked, or is remembered for a repeated request.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.byte(Self.formatVersion)
        self.encode(into: &writer)
        return writer.bytes
    }

    public init(decoding bytes: [UInt8]) throws(DecodingFailure) {
        var reader = ByteReader(bytes)
        let version = try reader.byte()
        guard version == Self.formatVersion else {
            throw reader.failure(.unknown, "responses of version \(version) are not known here")
        }
        try self.init(from: &reader)
        try reader.end()
    }
}

extension Response: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .done:
            writer.byte(1)
        case .group(let id, let created):
            writer.byte(2)
            writer.value(id)
            writer.flag(created)
        case .connector(let name, let created):
            writer.byte(3)
            writer.value(name)
            writer.flag(created)
        case .assigned(let epoch):
            writer.byte(4)
            writer.value(epoch)
        case .refused(let refusal):
            writer.byte(5)
            writer.value(refusal)
        case .session(let id):
            writer.byte(6)
            writer.number(id.rawValue)
        case .key(let id, let created):
            writer.byte(7)
            writer.value(id)
            writer.flag(created)
        case .updated(let generation):
            writer.byte(8)
            writer.number(generation)
        }
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        switch try reader.byte() {
        case 1: self = .done
        case 2: self = .group(try reader.value(), created: try reader.flag())
        case 3: self = .connector(try reader.value(), created: try reader.flag())
        case 4: self = .assigned(try reader.value())
        case 5: self = .refused(try reader.value())
        case 6: self = .session(SessionID(try reader.number()))
        case 7: self = .key(try reader.value(), created: try reader.flag())
        case 8: self = .updated(try reader.number())
        case let tag: throw reader.failure(.unknown, "no response is numbered \(tag)")
        }
    }
}

extension Refusal: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .workerNotFound(let id):
            writer.byte(1)
            writer.value(id)
        case .groupNotFound(let id):
            writer.byte(2)
            writer.value(id)
        case .placementNotFound(let key):
            writer.byte(3)
            writer.value(key)
        case .connectorNotFound(let name):
            writer.byte(4)
            writer.value(name)
        case .groupExists(let id):
            writer.byte(5)
            writer.value(id)
        case .connectorExists(let name):
            writer.byte(6)
            writer.value(name)
        case .preconditionFailed(let precondition):
            writer.byte(7)
            writer.value(precondition)
        case .invalid(let sentence):
            writer.byte(8)
            writer.text(sentence)
        case .alreadyApplied(let index):
            writer.byte(9)
            writer.number(index)
        case .keyNotFound(let id):
            writer.byte(10)
            writer.value(id)
        case .keyExists(let id):
            writer.byte(11)
            writer.value(id)
        case .workerIDTaken(let id):
            writer.byte(12)
            writer.value(id)
        case .notUpdating(let id):
            writer.byte(13)
            writer.value(id)
        }
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        switch try reader.byte() {
        case 1: self = .workerNotFound(try reader.value())
        case 2: self = .groupNotFound(try reader.value())
        case 3: self = .placementNotFound(try reader.value())
        case 4: self = .connectorNotFound(try reader.value())
        case 5: self = .groupExists(try reader.value())
        case 6: self = .connectorExists(try reader.value())
        case 7: self = .preconditionFailed(try reader.value())
        case 8: self = .invalid(try reader.text())
        case 9: self = .alreadyApplied(try reader.number())
        case 10: self = .keyNotFound(try reader.value())
        case 11: self = .keyExists(try reader.value())
        case 12: self = .workerIDTaken(try reader.value())
        case 13: self = .notUpdating(try reader.value())
        case let tag: throw reader.failure(.unknown, "no refusal is numbered \(tag)")
        }
    }
}

extension Precondition: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .incarnation(let incarnation):
            writer.byte(1)
            writer.value(incarnation)
        case .workerStatus(let status):
            writer.byte(2)
            writer.value(status)
        case .workerUnavailable(let id):
            writer.byte(3)
            writer.value(id)
        case .epoch(let epoch):
            writer.byte(4)
            writer.value(epoch)
        case .generation(let generation):
            writer.byte(5)
            writer.number(generation)
        case .notRunning(let id):
            writer.byte(6)
            writer.value(id)
        }
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        switch try reader.byte() {
        case 1: self = .incarnation(try reader.value())
        case 2: self = .workerStatus(try reader.value())
        case 3: self = .workerUnavailable(try reader.value())
        case 4: self = .epoch(try reader.value())
        case 5: self = .generation(try reader.number())
        case 6: self = .notRunning(try reader.value())
        case let tag: throw reader.failure(.unknown, "no precondition is numbered \(tag)")
        }
    }
}
