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

    private let waiting = Mutex<[WorkerID: WorkerReports.Report]>([:])

    func add(_ heartbeat: HeartbeatRequest, from worker: WorkerID) {
        self.waiting.withLock { $0[worker] = WorkerReports.Report(heartbeat: heartbeat, received: .now) }
    }

    /// Sends what has gathered, until the task is cancelled.
    func run(_ plane: ControlPlane) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)  // ends early only when the task does
            let batch = self.waiting.withLock { waiting in
                let batch = waiting
                waiting = [:]
                return batch
            }
            if !batch.isEmpty { await self.send(batch, plane) }
        }
    }

    private func send(_ batch: [WorkerID: WorkerReports.Report], _ plane: ControlPlane) async {
        // Nil also where too many wait for one: the next batch asks again.
        guard let leader = try? await plane.node.leader(waiting: .seconds(1)) else { return self.putBack(batch) }
        if leader == plane.node.identity.node {
            for (worker, report) in batch { plane.reports.note(report.heartbeat, from: worker, at: report.received) }
            return plane.attention.call()
        }
        let items = batch.map { worker, report in
            let age = (ContinuousClock.now - report.received).components
            let milliseconds = Int(age.seconds) * 1_000 + Int(age.attoseconds / 1_000_000_000_000_000)
            return Batch.Item(worker: worker.rawValue, heartbeat: report.heartbeat, age: milliseconds)
        }
        do {
            var body = ByteBuffer(integer: Self.mark)
            body.writeBytes(try APIJSON.encode(Batch(items: items)))
            let answer = try await plane.node.call(leader, body, timeout: .seconds(2))
            if answer == Self.taken {
                plane.telemetry.heartbeatsRelayed.add(UInt64(batch.count))
            } else {
                self.putBack(batch)
            }
        } catch {
            self.putBack(batch)
        }
    }

    /// Nobody took them: they go with the next batch, unless something newer has come.
    private func putBack(_ batch: [WorkerID: WorkerReports.Report]) {
        self.waiting.withLock { waiting in waiting.merge(batch) { newer, _ in newer } }
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
            plane.reports.note(item.heartbeat, from: WorkerID(item.worker), at: time)
        }
        plane.attention.call()
        return Self.taken
    }
}
