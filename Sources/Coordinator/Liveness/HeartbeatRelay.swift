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
/// Only the newest of each worker is kept, so what waits is bounded by the number of workers.
final class HeartbeatRelay: Sendable {
    static let interval = Duration.milliseconds(250)
    /// How long to look for a leader, and for its answer. A worker waits for both, so they are short.
    private static let patience = Duration.milliseconds(500)
    /// First byte of a batch, unlike any forwarded request's.
    static let mark: UInt8 = 0xB7
    /// The leader's answer to a batch. A member that does not lead any more answers nothing.
    static let taken = ByteBuffer(integer: UInt8(1))

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
        var callers: [CheckedContinuation<Bool, Never>] = []
        var isOver = false
    }

    private let waiting = Mutex(Waiting())

    /// True once the leader has the heartbeat, or a newer one of the worker; false if it could not be had this time.
    /// Then the heartbeat goes with the next batch, unless something newer has come.
    func carry(_ heartbeat: HeartbeatRequest, from worker: WorkerID) async -> Bool {
        await withCheckedContinuation { caller in
            let isOver = self.waiting.withLock { waiting in
                if waiting.isOver { return true }
                waiting.reports[worker] = WorkerReports.Report(heartbeat: heartbeat, received: .now)
                waiting.callers.append(caller)
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
            let isTaken = await self.send(batch, plane)
            if !isTaken { self.putBack(batch) }
            for caller in callers { caller.resume(returning: isTaken) }
        }
        let left = self.waiting.withLock { waiting in
            waiting.isOver = true
            defer { waiting.callers = [] }
            return waiting.callers
        }
        for caller in left { caller.resume(returning: false) }
    }

    /// Whether the leader has it.
    private func send(_ batch: [WorkerID: WorkerReports.Report], _ plane: ControlPlane) async -> Bool {
        // Nil also where too many wait for one: the next batch asks again.
        guard let leader = try? await plane.node.leader(waiting: Self.patience) else { return false }
        if leader == plane.node.identity.node {
            for (worker, report) in batch { plane.note(report.heartbeat, from: worker, at: report.received) }
            return true
        }
        let items = batch.map { worker, report in
            let age = (ContinuousClock.now - report.received).components
            let milliseconds = Int(age.seconds) * 1_000 + Int(age.attoseconds / 1_000_000_000_000_000)
            return Batch.Item(worker: worker.rawValue, heartbeat: report.heartbeat, age: milliseconds)
        }
        do {
            var body = ByteBuffer(integer: Self.mark)
            body.writeBytes(try APIJSON.encode(Batch(items: items)))
            let isTaken = try await plane.node.call(leader, body, timeout: Self.patience) == Self.taken
            if isTaken { plane.telemetry.heartbeatsRelayed.add(UInt64(batch.count)) }
            return isTaken
        } catch {
            return false
        }
    }

    private func putBack(_ batch: [WorkerID: WorkerReports.Report]) {
        self.waiting.withLock { waiting in waiting.reports.merge(batch) { newer, _ in newer } }
    }

    /// The leader's side.
    static func receive(_ body: ByteBuffer, _ plane: ControlPlane) -> ByteBuffer {
        var body = body
        guard body.readInteger(as: UInt8.self) == Self.mark,
            let batch = try? APIJSON.decode(Batch.self, from: body.readableBytesView)  // a peer's; dropped if malformed
        else { return Self.taken }
        guard plane.isLeader else { return ByteBuffer() }
        for item in batch.items {
            let time = ContinuousClock.now - .milliseconds(min(max(item.age, 0), 60_000))
            plane.note(item.heartbeat, from: WorkerID(item.worker), at: time)
        }
        return Self.taken
    }
}
