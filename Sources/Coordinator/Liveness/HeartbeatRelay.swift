import ClusterAPI
import ClusterState
import Logging
import NIOCore
import Raft
import RaftCore
import RaftTransport
import Synchronization

/// Carries heartbeats that reached a follower to the leader, all that came in within a quarter of a second at a time.
///
/// Only the newest of each worker is kept, so what waits is bounded by the number of workers. More than one call carries
/// goes in several.
final class HeartbeatRelay: Sendable {
    static let interval = Duration.milliseconds(250)
    /// How long to look for a leader, and for its answer. A worker waits for both, so they are short.
    private static let patience = Duration.milliseconds(600)
    /// First byte of a batch, unlike any forwarded request's.
    static let mark: UInt8 = 0xB7

    /// The leader's answer to a batch. A member that does not lead any more answers nothing.
    struct Answer: Codable, Sendable {
        /// The workers whose heartbeats the leader has confirmed.
        var confirmed: [String]
    }

    struct Batch: Codable, Sendable {
        struct Item: Codable, Sendable {
            var worker: String
            var heartbeat: HeartbeatRequest
            /// How long it waited here, in milliseconds.
            var age: Int
        }
        var items: [Item]
    }

    private struct Waiting {
        var reports: [WorkerID: WorkerReports.Report] = [:]
        /// Told what becomes of the next batch. One for each request or session that waits.
        var callers: [(worker: WorkerID, caller: CheckedContinuation<Bool, Never>)] = []
        var isOver = false
    }

    private let waiting = Mutex(Waiting())

    /// True once the leader has confirmed the heartbeat, or a newer one of the worker. If no leader could be had this
    /// time, the heartbeat goes with the next batch, unless something newer has come.
    func carry(_ heartbeat: HeartbeatRequest, from worker: WorkerID) async -> Bool {
        await withCheckedContinuation { caller in
            let isOver = self.waiting.withLock { waiting in
                if waiting.isOver { return true }
                waiting.reports[worker] = WorkerReports.Report(heartbeat: heartbeat, received: .now)
                waiting.callers.append((worker, caller))
                return false
            }
            if isOver { caller.resume(returning: false) }
        }
    }

    /// Sends what has gathered, until the task is cancelled.
    func run(_ plane: ControlPlane) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)  // ends early only when the task does
            let (batch, callers) = self.waiting.withLock { waiting in
                let taken = (waiting.reports, waiting.callers)
                (waiting.reports, waiting.callers) = ([:], [])
                return taken
            }
            if batch.isEmpty { continue }
            let outcome = await self.send(batch, plane)
            self.putBack(outcome.left)
            for (worker, caller) in callers { caller.resume(returning: outcome.confirmed.contains(worker)) }
        }
        let left = self.waiting.withLock { waiting in
            waiting.isOver = true
            defer { waiting.callers = [] }
            return waiting.callers
        }
        for (_, caller) in left { caller.resume(returning: false) }
    }

    /// What became of a batch.
    private struct Outcome {
        /// The workers that the leader has confirmed.
        var confirmed: Set<WorkerID> = []
        /// What no leader has.
        var left: [WorkerID: WorkerReports.Report] = [:]
    }

    private func send(_ batch: [WorkerID: WorkerReports.Report], _ plane: ControlPlane) async -> Outcome {
        // Nil also where too many wait for one: the next batch asks again.
        guard let leader = try? await plane.node.leader(waiting: Self.patience) else { return Outcome(left: batch) }
        if leader == plane.node.identity.node { return Outcome(confirmed: await plane.take(batch)) }
        let items = batch.map { worker, report in
            let age = (ContinuousClock.now - report.received).components
            let milliseconds = Int(age.seconds) * 1_000 + Int(age.attoseconds / 1_000_000_000_000_000)
            return Batch.Item(worker: worker.rawValue, heartbeat: report.heartbeat, age: milliseconds)
        }
        let (parcels, unfit) = Self.parcels(of: items, bytesMax: PeerCall.bodyBytesMax)
        for worker in unfit {
            // Nobody would ever have it, and those of others would wait behind it.
            plane.logger.warning("heartbeat dropped, it is larger than a call", metadata: ["worker": "\(worker)"])
        }
        var outcome = Outcome()
        for parcel in parcels {
            if let confirmed = await self.send(parcel, to: leader, plane) {
                outcome.confirmed.formUnion(confirmed)
            } else {
                for worker in parcel.workers.map({ WorkerID($0) }) { outcome.left[worker] = batch[worker] }
            }
        }
        return outcome
    }

    /// The workers that the leader has confirmed; nil if it has nothing of the parcel.
    private func send(_ parcel: Parcel, to leader: NodeID, _ plane: ControlPlane) async -> Set<WorkerID>? {
        do {
            let answer = try await plane.node.call(leader, parcel.body, timeout: Self.patience)
            guard answer.readableBytes > 0 else { return nil }
            plane.telemetry.heartbeatsRelayed.add(UInt64(parcel.workers.count))
            let confirmed = try APIJSON.decode(Answer.self, from: answer.readableBytesView).confirmed
            return Set(confirmed.map { WorkerID($0) })
        } catch {
            return nil
        }
    }

    private func putBack(_ batch: [WorkerID: WorkerReports.Report]) {
        self.waiting.withLock { waiting in waiting.reports.merge(batch) { newer, _ in newer } }
    }

    /// The leader's side.
    static func receive(_ body: ByteBuffer, _ plane: ControlPlane) async -> ByteBuffer {
        var body = body
        guard plane.isLeader, body.readInteger(as: UInt8.self) == Self.mark,
            let batch = try? APIJSON.decode(Batch.self, from: body.readableBytesView)  // a peer's; refused if malformed
        else { return ByteBuffer() }
        var reports: [WorkerID: WorkerReports.Report] = [:]
        for item in batch.items {
            let time = ContinuousClock.now - .milliseconds(min(max(item.age, 0), 60_000))
            reports[WorkerID(item.worker)] = WorkerReports.Report(heartbeat: item.heartbeat, received: time)
        }
        let answer = Answer(confirmed: await plane.take(reports).map(\.rawValue).sorted())
        // Strings alone can always be encoded.
        return (try? APIJSON.encode(answer)).map { ByteBuffer(bytes: $0) } ?? ByteBuffer()
    }
}
