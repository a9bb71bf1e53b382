import DequeModule
import Synchronization

/// The messages that libmosquitto has been given and the broker has not settled. It belongs to the client's thread.
final class UnsettledMessages {
    private let shared: MQTTClient.Shared
    /// By libmosquitto's id for them. The queue's bound keeps them far fewer than there are ids.
    private var entries: [CInt: OutgoingQueue.Entry] = [:]

    init(_ shared: MQTTClient.Shared) {
        self.shared = shared
    }

    /// Gives all that waits in the queue to an accepted connection.
    func handOver(to handle: borrowing MosquittoHandle) {
        for entry in self.shared.outgoing.takeWaiting() {
            do throws(MQTTError) {
                self.entries[try handle.publish(entry.message)] = entry
            } catch {
                self.settle([(entry, error)])
            }
        }
    }

    func settle(_ published: [(id: CInt, reason: CInt)]) {
        var settled: [(OutgoingQueue.Entry, MQTTError?)] = []
        for (id, reason) in published {
            guard let entry = self.entries.removeValue(forKey: id) else { continue }
            let sentence = reason < 128 ? nil : MQTTError.sentence(for: reason)
            settled.append((entry, sentence.map { MQTTError(.refused, "The broker refuses the message: \($0).") }))
        }
        self.settle(settled)
    }

    /// The library repeats QoS 1 on the next connection; QoS 0 is gone with this one.
    func connectionEnded(_ failure: MQTTError) {
        let lost = self.entries.filter { $0.value.message.qos == .atMostOnce }
        for id in lost.keys {
            self.entries[id] = nil
        }
        self.settle(lost.values.map { ($0, failure) })
    }

    /// Tells everyone whose message is still here that it will not leave any more.
    func close() {
        let left = self.shared.outgoing.close() + self.entries.values
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
