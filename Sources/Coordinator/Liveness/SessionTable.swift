import ClusterState
import NIOCore
import Synchronization

/// The workers that have a session with this member, each the newest that it opened.
final class SessionTable: Sendable {
    struct Entry: Sendable {
        let incarnation: WorkerIncarnation
        let channel: any Channel
    }

    /// Why a session did not come about.
    enum Refusal: String, CaseIterable, Sendable {
        /// Nothing, or nothing that could be read, came in good time.
        case unidentified
        /// A key that is none, or whose role does not suffice.
        case unauthorized
        case unknownWorker = "unknown_worker"
        /// Nobody could tell whether the worker is registered.
        case noLeader = "no_leader"
    }

    private struct Contents {
        var sessions: [WorkerID: Entry] = [:]
        var refusals: [Refusal: Int] = [:]
        var lost = 0
    }

    private let contents = Mutex(Contents())

    var count: Int { self.contents.withLock { $0.sessions.count } }
    /// How many sessions broke off since the start.
    var lostCount: Int { self.contents.withLock { $0.lost } }
    /// How many did not come about, since the start.
    var refusals: [Refusal: Int] { self.contents.withLock { $0.refusals } }

    func refuse(_ reason: Refusal) { self.contents.withLock { $0.refusals[reason, default: 0] += 1 } }

    /// A session has begun. It takes the place of an older one of the worker's, which is closed.
    func open(_ entry: Entry, of worker: WorkerID) {
        let older = self.contents.withLock { $0.sessions.updateValue(entry, forKey: worker) }
        older?.channel.close(promise: nil)
    }

    /// A session is over. False if a newer one is there.
    func close(_ channel: any Channel, of worker: WorkerID) -> Bool {
        self.contents.withLock { contents in
            guard contents.sessions[worker]?.channel === channel else { return false }
            contents.sessions[worker] = nil
            return true
        }
    }

    func noteLoss() { self.contents.withLock { $0.lost += 1 } }
}
