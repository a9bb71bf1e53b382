internal import HashTreeCollections

/// Requests that their senders named, oldest first.
struct KeyTable: Sendable {
    struct Record: Sendable {
        var fingerprint: Digest128
        /// The log's time of the request's first command.
        var timeMilliseconds: UInt64
        var replies = Replies()
    }

    private let limits: SessionLimits
    private var records: TreeDictionary<Digest128, Record> = [:]
    /// The keys by age: `first..<next`, without gaps. The numbers are this copy's own; only the order is replicated.
    private var order: TreeDictionary<UInt64, Digest128> = [:]
    private var first: UInt64 = 0
    private var next: UInt64 = 0
    private var weight = 0

    init(_ limits: SessionLimits) { self.limits = limits }

    var count: Int { self.records.count }

    /// The records, oldest first.
    var inOrder: [(key: Digest128, record: Record)] {
        (self.first..<self.next).compactMap { number in
            guard let key = self.order[number], let record = self.records[key] else { return nil }
            return (key, record)
        }
    }

    func admit(_ stamp: KeyStamp, part: UInt8) -> SessionTable.Admission {
        guard let record = self.records[stamp.key] else { return .apply }
        guard record.fingerprint == stamp.fingerprint else { return .reject(.keyConflict) }
        return record.replies.reply(to: part).map { .replay($0) } ?? .apply
    }

    func memory(of stamp: KeyStamp) -> SessionTable.Memory {
        guard let record = self.records[stamp.key] else { return .nothing }
        guard record.fingerprint == stamp.fingerprint else { return .conflict }
        return .replies(record.replies.items.map(\.reply))
    }

    mutating func keep(_ reply: [UInt8], to stamp: KeyStamp, part: UInt8, at timeMilliseconds: UInt64) {
        if self.records.change(stamp.key, { $0.replies.keep(reply, to: part) }) == nil {
            var record = Record(fingerprint: stamp.fingerprint, timeMilliseconds: timeMilliseconds)
            record.replies.keep(reply, to: part)
            self.append(stamp.key, record)
        } else {
            self.weight += Replies.weight(of: reply)
        }
        while self.count > self.limits.keysMax || self.weight > self.limits.keyBytesMax { self.removeOldest() }
    }

    mutating func expire(at timeMilliseconds: UInt64) {
        while let key = self.order[self.first], let record = self.records[key],
            timeMilliseconds - record.timeMilliseconds >= self.limits.keyLifetimeMilliseconds
        { self.removeOldest() }
    }

    /// A record that is newer than all others. False if there is one of this key.
    @discardableResult
    mutating func append(_ key: Digest128, _ record: Record) -> Bool {
        guard self.records.updateValue(record, forKey: key) == nil else { return false }
        self.order[self.next] = key
        self.next += 1
        self.weight += record.replies.weight
        return true
    }

    private mutating func removeOldest() {
        guard let key = self.order.removeValue(forKey: self.first) else { return }
        self.first += 1
        self.weight -= self.records.removeValue(forKey: key)?.replies.weight ?? 0
    }
}
