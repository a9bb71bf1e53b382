import RaftCore

/// Appends that tell a follower nothing but that more is committed, kept back for a moment.
///
/// A busy leader's next entries, or its next round, say so too, which saves a message, its reply, and a turn of three
/// members. The core may count on no message to arrive, so one that waits, or never goes, is one that the network is
/// slow with.
struct CommitNews {
    private struct Round: Equatable {
        var term: Term
        var number: UInt64
    }

    /// The last round in which each follower was sent something.
    private var rounds: [NodeID: Round] = [:]
    private var waiting: [NodeID: Envelope] = [:]

    var isEmpty: Bool { self.waiting.isEmpty }

    /// Whether a message is such news, which waits here from now on. One that says more takes its place.
    mutating func keeps(_ envelope: Envelope) -> Bool {
        guard case .append(let request) = envelope.message else { return false }
        let round = Round(term: request.term, number: request.round)
        if request.entries.isEmpty, self.rounds[envelope.to] == round {
            self.waiting[envelope.to] = envelope
            return true
        }
        self.rounds[envelope.to] = round
        if !self.waiting.isEmpty { self.waiting[envelope.to] = nil }
        return false
    }

    /// What has waited long enough.
    mutating func take() -> [Envelope] {
        let envelopes = Array(self.waiting.values)
        self.waiting.removeAll(keepingCapacity: true)
        return envelopes
    }
}
