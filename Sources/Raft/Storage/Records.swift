internal import RaftCore

// The records of the database `state`, beside the log (docs/formats.md, section "Raft database").
//
// A record is its fields and then a CRC-32C (4 bytes) over the record's key and the fields, so that an intact record
// under a wrong key is as bad as a damaged one. For example `bounds` of a log whose last entry is index 3 of term 2,
// with nothing cut off at its beginning:
//
//     01 | 0000000000000000 0000000000000000 | 0000000000000003 0000000000000002 | a41d8c80

/// A record that can be written and read back.
protocol Record: Equatable {
    /// The fields' bytes, the format version first.
    var fields: [UInt8] { get }
    /// Reads the fields, without the checksum. Nil if they are not what `fields` gives.
    init?(fields: RawSpan)
}

/// The format version that every record begins with.
let recordFormatVersion: UInt8 = 1

extension DatabaseIdentity: Record {
    var fields: [UInt8] {
        var bytes = [recordFormatVersion]
        bytes.append(bigEndian: self.cluster.high)
        bytes.append(bigEndian: self.cluster.low)
        bytes.append(bigEndian: self.member.rawValue)
        bytes.append(bigEndian: self.incarnation.rawValue)
        return bytes
    }

    init?(fields: RawSpan) {
        guard fields.byteCount == 29,
            let high = fields.bigEndian(at: 1, as: UInt64.self), let low = fields.bigEndian(at: 9, as: UInt64.self),
            let member = fields.bigEndian(at: 17, as: UInt32.self),
            let incarnation = fields.bigEndian(at: 21, as: UInt64.self)
        else { return nil }
        self.init(
            cluster: ClusterID(high: high, low: low),
            member: NodeID(member),
            incarnation: Incarnation(incarnation)
        )
    }
}

extension HardState: Record {
    var fields: [UInt8] {
        var bytes = [recordFormatVersion]
        bytes.append(bigEndian: self.term.rawValue)
        bytes.append(self.vote == nil ? 0 : 1)
        bytes.append(bigEndian: self.vote?.rawValue ?? 0)
        return bytes
    }

    init?(fields: RawSpan) {
        guard fields.byteCount == 14,
            let term = fields.bigEndian(at: 1, as: UInt64.self), let voted = fields.bigEndian(at: 9, as: UInt8.self),
            let vote = fields.bigEndian(at: 10, as: UInt32.self), voted <= 1
        else { return nil }
        self.init(term: Term(term), vote: voted == 1 ? NodeID(vote) : nil)
    }
}

/// Where the log begins and ends. Written with every change of the log, so that entries that got lost are known to be
/// missing.
struct LogBounds: Record {
    /// The position before the first entry.
    var before: LogPosition
    /// The last entry's position, or `before` if there are no entries.
    var last: LogPosition

    init(before: LogPosition, last: LogPosition) {
        self.before = before
        self.last = last
    }

    static let empty = LogBounds(before: .zero, last: .zero)

    var fields: [UInt8] {
        var bytes = [recordFormatVersion]
        for position in [self.before, self.last] {
            bytes.append(bigEndian: position.index.rawValue)
            bytes.append(bigEndian: position.term.rawValue)
        }
        return bytes
    }

    init?(fields: RawSpan) {
        guard fields.byteCount == 33,
            let indexBefore = fields.bigEndian(at: 1, as: UInt64.self),
            let termBefore = fields.bigEndian(at: 9, as: UInt64.self),
            let lastIndex = fields.bigEndian(at: 17, as: UInt64.self),
            let lastTerm = fields.bigEndian(at: 25, as: UInt64.self), indexBefore <= lastIndex
        else { return nil }
        self.init(
            before: LogPosition(index: LogIndex(indexBefore), term: Term(termBefore)),
            last: LogPosition(index: LogIndex(lastIndex), term: Term(lastTerm))
        )
    }
}

/// The journal's lap whose records are to be carried out on top of what the database holds. Those of earlier laps were.
struct JournalLap: Record {
    var number: UInt64

    init(_ number: UInt64) { self.number = number }

    var fields: [UInt8] {
        var bytes = [recordFormatVersion]
        bytes.append(bigEndian: self.number)
        return bytes
    }

    init?(fields: RawSpan) {
        guard fields.byteCount == 9, let number = fields.bigEndian(at: 1, as: UInt64.self) else { return nil }
        self.number = number
    }
}

extension Membership: Record {
    var fields: [UInt8] { [recordFormatVersion] + self.encoded() }

    init?(fields: RawSpan) { self.init(decoding: fields.bytes(from: 1)) }
}

extension Snapshot: Record {
    var fields: [UInt8] { [recordFormatVersion] + self.encoded() }

    init?(fields: RawSpan) { self.init(decoding: fields.bytes(from: 1)) }
}
