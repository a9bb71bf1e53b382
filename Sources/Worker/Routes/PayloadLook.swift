import ClusterAPI

/// What must be known of an event's JSON before it is read: its type, and the value of its partition field.
///
/// The rules are those of the engine's reader: of members of one name the last counts, and the fields are the members of
/// `data` or `fields` where that is an object.
enum PayloadLook {
    /// The replica that the payload belongs to. What is no event belongs to one as well, which then rejects it.
    static func replica(of payload: [UInt8], key: [UInt8]?, count: Int) -> Int {
        guard count > 1 else { return 0 }
        return payload.withUnsafeBufferPointer { bytes in
            guard let key else {
                var hash = ReplicaHash()
                for byte in bytes { hash.add(byte) }
                return hash.replica(of: count)
            }
            guard let value = self.field(key, of: bytes) else { return 0 }
            if self.isCanonical(value, bytes) {
                var hash = ReplicaHash()
                for place in value { hash.add(bytes[place]) }
                return hash.replica(of: count)
            }
            let parsed = try? JSONValue(parsing: bytes[value])  // nil: the event will be rejected
            return ReplicaHash.replica(for: parsed, of: count)
        }
    }

    /// The type that the payload names; nil if it names none.
    static func type(of payload: [UInt8]) -> String? {
        payload.withUnsafeBufferPointer { bytes in
            var type: Range<Int>?
            var other: Range<Int>?
            MemberScan.members(of: bytes) { name, value in
                if self.spells(name, self.eventTypeName, bytes) { type = value }
                if self.spells(name, self.typeName, bytes) { other = value }
            }
            return type.flatMap { self.string($0, bytes) } ?? other.flatMap { self.string($0, bytes) }
        }
    }

    private static let eventTypeName = Array("event_type".utf8)
    private static let typeName = Array("type".utf8)
    private static let dataName = Array("data".utf8)
    private static let fieldsName = Array("fields".utf8)

    private static func field(_ key: [UInt8], of bytes: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        var field: Range<Int>?
        var data: Range<Int>?
        var fields: Range<Int>?
        MemberScan.members(of: bytes) { name, value in
            if self.spells(name, key, bytes) { field = value }
            if self.spells(name, self.dataName, bytes) { data = value }
            if self.spells(name, self.fieldsName, bytes) { fields = value }
        }
        func isObject(_ value: Range<Int>) -> Bool { bytes[value.lowerBound] == UInt8(ascii: "{") }
        guard let envelope = [data, fields].lazy.compactMap({ $0 }).first(where: isObject) else { return field }
        var inner: Range<Int>?
        MemberScan.members(of: bytes, from: envelope.lowerBound) { name, value in
            if self.spells(name, key, bytes) { inner = value }
        }
        return inner
    }

    private static func spells(_ name: Range<Int>, _ text: [UInt8], _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let written = UnsafeBufferPointer(rebasing: bytes[name])
        if written.elementsEqual(text) { return true }
        guard written.contains(UInt8(ascii: "\\")) else { return false }
        return self.string(name.lowerBound - 1..<name.upperBound + 1, bytes).map { Array($0.utf8) } == text
    }

    private static func string(_ value: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        let inside = UnsafeBufferPointer(rebasing: bytes[value])
        guard inside.first == UInt8(ascii: "\"") else { return nil }
        if !inside.contains(UInt8(ascii: "\\")) {
            return String(decoding: inside.dropFirst().dropLast(), as: UTF8.self)
        }
        guard case .string(let text) = try? JSONValue(parsing: inside) else { return nil }  // nil: no JSON
        return text
    }

    /// Whether the value is written as `JSONValue` writes it: a string without escapes, or a plain integer.
    private static func isCanonical(_ value: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        if bytes[value.lowerBound] == UInt8(ascii: "\"") {
            return value.allSatisfy { bytes[$0] != UInt8(ascii: "\\") }
        }
        let first = value.lowerBound + (bytes[value.lowerBound] == UInt8(ascii: "-") ? 1 : 0)
        let digits = first..<value.upperBound
        // Eighteen digits fit 64 bits. Zeros in front are no JSON, and -0 is written 0.
        guard (1...18).contains(digits.count), bytes[first] != UInt8(ascii: "0") || value.count == 1 else {
            return false
        }
        return digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[$0]) }
    }
}
