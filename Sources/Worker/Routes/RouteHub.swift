import Threads

/// Joins pipelines of one worker: what one sends to another goes from engine to engine.
///
/// What is for a pipeline that isn't there (yet, or just now) is kept for it. What may be under way at all is bounded where
/// it comes in (`RouteCredit`). Programs that make many events of one can still fill a mailbox: beyond its bound the
/// sender waits, which always ends, because it waits only for pipelines from which no route leads back to it. Where one
/// does lead back nobody may wait, and what a circle multiplies without end has to be given up: it is refused.
final class RouteHub: Sendable {
    typealias Place = PipelineSpec.Place

    enum Outcome {
        case sent
        /// More circles in the routes than may.
        case refused
        /// The sender is being stopped.
        case closed
    }

    /// A pipeline that sends.
    struct Sender: Hashable, Sendable {
        fileprivate let number: UInt64
        fileprivate let pipeline: Place
    }

    private struct Mailbox {
        var inbox: EventInbox?
        /// For a pipeline that is not there.
        var kept: [(sender: Sender, batch: EventBatch)] = []
        /// Kept, or in the inbox and not yet processed.
        var eventCount = 0
        var byteCount = 0
    }

    private struct Contents {
        var mailboxes: [Place: Mailbox] = [:]
        /// To which pipelines each sends.
        var senders: [Sender: Set<Place>] = [:]
        var nextNumber: UInt64 = 0
    }

    private let contents = Monitor(Contents())
    private let eventsMax: Int
    private let bytesMax: Int

    init(eventsMax: Int = 262_144, bytesMax: Int = 64 << 20) {
        self.eventsMax = eventsMax
        self.bytesMax = bytesMax
    }

    // MARK: - Coming and going

    /// Announces a pipeline that will send to others. Their replicas count as one.
    func enter(_ place: Place, sendingTo peers: some Sequence<Place>) -> Sender {
        self.contents.change { contents in
            contents.nextNumber += 1
            let sender = Sender(number: contents.nextNumber, pipeline: place.pipeline)
            contents.senders[sender] = Set(peers.map(\.pipeline))
            return sender
        }
    }

    /// Ends what a pipeline sends. What it had sent, and nobody has taken, is lost.
    func leave(_ sender: Sender) {
        let lost = self.contents.change { contents -> [EventBatch] in
            contents.senders[sender] = nil
            var lost: [EventBatch] = []
            for place in Array(contents.mailboxes.keys) {
                guard var mailbox = contents.mailboxes[place] else { continue }
                lost += mailbox.kept.filter { $0.sender == sender }.map(\.batch)
                mailbox.kept.removeAll { $0.sender == sender }
                contents.mailboxes[place] = mailbox
            }
            return lost
        }
        for batch in lost {
            batch.receipt?.settle(isLost: true)
            batch.reply?(BatchResult())
        }
    }

    /// Gives a pipeline what others send it, beginning with what was kept.
    func open(_ inbox: EventInbox, at place: Place) {
        self.contents.change { contents in
            var mailbox = contents.mailboxes[place] ?? Mailbox()
            let left = mailbox.kept.drop { inbox.route($0.batch) }
            mailbox.kept = Array(left)
            mailbox.inbox = inbox
            contents.mailboxes[place] = mailbox
        }
    }

    /// Keeps from now on what is for this place; a successor that has opened its inbox there stays.
    func close(_ inbox: EventInbox, at place: Place) {
        self.contents.change { contents in
            guard contents.mailboxes[place]?.inbox === inbox else { return }
            contents.mailboxes[place]?.inbox = nil
            self.tidy(place, &contents)
        }
    }

    // MARK: - Sending

    /// Sends a batch, blocking the calling thread where the mailbox is full and waiting is safe. The batch's receipt has a
    /// share for it, which is given back in any case.
    func send(_ events: EventBatch.Content, receipt: BatchReceipt?, to place: Place, by sender: Sender) -> Outcome {
        var batch = EventBatch(content: events, receipt: receipt, wantsOutput: false, isRouted: true)
        let (count, byteCount) = (batch.count, batch.byteCount)
        batch.reply = { [self] _ in self.processed(count, byteCount, at: place) }
        let outcome = self.contents.wait { [batch] contents -> Outcome? in
            guard contents.senders[sender] != nil else { return .closed }
            var mailbox = contents.mailboxes[place] ?? Mailbox()
            if mailbox.eventCount > 0,
                mailbox.eventCount + count > self.eventsMax || mailbox.byteCount + byteCount > self.bytesMax
            {
                return self.leadsBack(from: place.pipeline, to: sender.pipeline, contents) ? .refused : nil
            }
            mailbox.eventCount += count
            mailbox.byteCount += byteCount
            if !(mailbox.inbox?.route(batch) ?? false) { mailbox.kept.append((sender, batch)) }
            contents.mailboxes[place] = mailbox
            return .sent
        }
        if outcome != .sent { receipt?.settle(isLost: outcome == .closed) }
        return outcome
    }

    private func processed(_ count: Int, _ byteCount: Int, at place: Place) {
        self.contents.change { contents in
            contents.mailboxes[place]?.eventCount -= count
            contents.mailboxes[place]?.byteCount -= byteCount
            self.tidy(place, &contents)
        }
    }

    private func tidy(_ place: Place, _ contents: inout Contents) {
        guard let mailbox = contents.mailboxes[place], mailbox.inbox == nil, mailbox.eventCount == 0 else { return }
        contents.mailboxes[place] = nil
    }

    /// Whether what one pipeline sends can come to the other.
    private func leadsBack(from start: Place, to end: Place, _ contents: Contents) -> Bool {
        var seen: Set = [start]
        var open = [start]
        while let pipeline = open.popLast() {
            if pipeline == end { return true }
            for (sender, peers) in contents.senders where sender.pipeline == pipeline {
                open += peers.filter { seen.insert($0).inserted }
            }
        }
        return false
    }
}

extension PipelineSpec.Place {
    /// Without the number of the replica.
    fileprivate var pipeline: Self {
        Self(groupID: self.groupID, name: String(self.name.prefix { $0 != "#" }))
    }
}
