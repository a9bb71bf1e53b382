/// One client's session: the replies from the lowest number whose answer the client still waits for.
struct Session: Sendable {
    var lastUsedMilliseconds: UInt64
    var lowest: UInt64 = 0
    var replies: [UInt64: Replies] = [:]
    /// Replies of all parts, and what they weigh.
    var replyCount = 0
    var weight = 0

    init(lastUsedMilliseconds: UInt64) { self.lastUsedMilliseconds = lastUsedMilliseconds }

    /// `total` is what all sessions weigh together, and is kept in step.
    mutating func admit(
        _ stamp: SessionStamp,
        part: UInt8,
        at timeMilliseconds: UInt64,
        _ limits: SessionLimits,
        _ total: inout Int
    ) -> SessionTable.Admission {
        self.lastUsedMilliseconds = timeMilliseconds
        self.release(before: min(stamp.lowest, stamp.sequence), &total)
        guard stamp.sequence >= self.lowest else { return .reject(.alreadyAnswered) }
        if let reply = self.replies[stamp.sequence]?.reply(to: part) { return .replay(reply) }
        guard self.replyCount < limits.repliesPerSessionMax, self.weight < limits.bytesPerSessionMax else {
            return .reject(.sessionFull)
        }
        return .apply
    }

    mutating func keep(_ reply: [UInt8], to sequence: UInt64, part: UInt8, _ total: inout Int) {
        self.replies[sequence, default: Replies()].keep(reply, to: part)
        let weight = Replies.weight(of: reply)
        self.replyCount += 1
        self.weight += weight
        total += weight
    }

    /// The client has the answers before `lowest`.
    private mutating func release(before lowest: UInt64, _ total: inout Int) {
        guard lowest > self.lowest else { return }
        // One by one while the client goes forward in small steps, as it does; a leap must not cost its length.
        if lowest - self.lowest <= UInt64(self.replies.count) {
            for sequence in self.lowest..<lowest { self.forget(sequence, &total) }
        } else {
            for sequence in self.replies.keys where sequence < lowest { self.forget(sequence, &total) }
        }
        self.lowest = lowest
    }

    private mutating func forget(_ sequence: UInt64, _ total: inout Int) {
        guard let replies = self.replies.removeValue(forKey: sequence) else { return }
        let weight = replies.weight
        self.replyCount -= replies.items.count
        self.weight -= weight
        total -= weight
    }
}
