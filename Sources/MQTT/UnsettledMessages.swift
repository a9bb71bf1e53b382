import DequeModule
import Synchronization

/// The messages that libmosquitto has been given and the broker has not settled. It belongs to the client's thread.
final class UnsettledMessages {
    private let shared: MQTTClient.Shared
    /// By libmosquitto's id for them. The queue's bound keeps them far fewer than there are ids.
    private var entries: [CInt: Handed] = [:]
    private var handedCount: UInt64 = 0

    /// A message, and where it stood in the order of all.
    private struct Handed {
        let entry: OutgoingQueue.Entry
        let number: UInt64
    }

    init(_ shared: MQTTClient.Shared) {
        self.shared = shared
    }

    /// Gives all that waits in the queue to an accepted connection.
    func handOver(to handle: borrowing MosquittoHandle) {
        for entry in self.shared.outgoing.takeWaiting() {
            do throws(MQTTError) {
                self.entries[try handle.publish(entry.message)] = Handed(entry: entry, number: self.handedCount)
                self.handedCount += 1
            } catch {
                self.settle([(entry, error)])
            }
        }
    }

    func settle(_ published: [(id: CInt, reason: CInt)]) {
        var settled: [(OutgoingQueue.Entry, MQTTError?)] = []
        for (id, reason) in published {
            guard let entry = self.entries.removeValue(forKey: id)?.entry else { continue }
            settled.append((entry, reason < 128 ? nil : .refusal(of: "the message", reason)))
        }
        self.settle(settled)
    }

    /// QoS 0 is gone with the connection. QoS 1 is repeated on the next one: by the library, or, where its handle ends with
    /// the connection, from the queue.
    func connectionEnded(_ failure: MQTTError, isHandleDone: Bool) {
        let lost = self.entries.filter { $0.value.entry.message.qos == .atMostOnce }
        for id in lost.keys {
            self.entries[id] = nil
        }
        if isHandleDone {
            let kept = self.entries.values.sorted { $0.number < $1.number }
            self.entries = [:]
            self.shared.outgoing.putBack(kept.map(\.entry))
        }
        self.settle(lost.values.map { ($0.entry, failure) })
    }

    /// Tells everyone whose message is still here that it will not leave any more.
    func close() {
        let left = self.shared.outgoing.close() + self.entries.values.map(\.entry)
        self.entries = [:]
        self.settle(left.map { ($0, MQTTError(.closed, "The client was closed first.")) })
    }

    private func settle(_ settled: [(OutgoingQueue.Entry, MQTTError?)]) {
        guard !settled.isEmpty else { return }
        let failedCount = settled.count { $0.1 != nil }
        self.shared.status.withLock {
            $0.publishedCount += UInt64(settled.count - failedCount)
            $0.publishFailedCount += UInt64(failedCount)
        }
        self.shared.outgoing.settled(settled.count)
        for (entry, failure) in settled {
            entry.completion(failure)
        }
    }
}
