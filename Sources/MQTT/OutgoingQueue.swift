import DequeModule
import Threads

/// Messages on their way from any thread to the client's, bounded together with those the broker has not settled yet.
struct OutgoingQueue: Sendable {
    struct Entry: Sendable {
        let message: MQTTMessage
        let completion: MQTTPublishCompletion
    }

    private struct Contents {
        var waiting: Deque<Entry> = []
        /// Waiting, or handed to libmosquitto and not settled.
        var unsettledCount = 0
        var refusedCount: UInt64 = 0
        var isClosed = false
    }

    private let contents = Monitor(Contents())
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
    }

    var unsettledCount: Int {
        self.contents.withLock { $0.unsettledCount }
    }

    var refusedCount: UInt64 {
        self.contents.withLock { $0.refusedCount }
    }

    /// Adds a message; true when the client's thread must be woken for it.
    func append(_ entry: Entry, whenFull rule: MQTTFullQueueRule) throws(MQTTError) -> Bool {
        let result: Result<Bool, MQTTError> = self.contents.wait { contents in
            if contents.isClosed {
                return .failure(MQTTError(.closed, "The client is closed."))
            }
            guard contents.unsettledCount < self.capacity else {
                guard rule == .refuse else { return nil }
                contents.refusedCount += 1
                return .failure(MQTTError(.queueFull, "\(self.capacity) messages wait for the broker already."))
            }
            contents.unsettledCount += 1
            contents.waiting.append(entry)
            return .success(contents.waiting.count == 1)
        }
        return try result.get()
    }

    /// Takes everything that waits to be handed to libmosquitto.
    func takeWaiting() -> Deque<Entry> {
        self.contents.withLock { contents in
            let taken = contents.waiting
            contents.waiting = []
            return taken
        }
    }

    /// Puts messages that were taken, and did not leave, back before all others.
    func putBack(_ entries: [Entry]) {
        self.contents.withLock { $0.waiting.prepend(contentsOf: entries) }
    }

    /// Makes room for as many messages as have been settled.
    func settled(_ count: Int) {
        self.contents.change { $0.unsettledCount -= count }
    }

    /// Refuses all that comes from now on, and gives back what still waited.
    func close() -> Deque<Entry> {
        self.contents.change { contents in
            contents.isClosed = true
            let left = contents.waiting
            contents.waiting = []
            return left
        }
    }
}
