import ClusterAPI
import ClusterState
import Testing

@testable import Coordinator

@Suite("What workers said last")
struct WorkerReportsTests {
    private static func heartbeat(_ events: UInt64) -> HeartbeatRequest {
        HeartbeatRequest(eventsProcessed: events, pipelinesRunning: 0)
    }

    @Test("a newer word replaces an older one, and one that was overtaken on its way does not")
    func order() {
        let reports = WorkerReports()
        let now = ContinuousClock.now
        reports.note(Self.heartbeat(2), from: "w", at: now)
        reports.note(Self.heartbeat(1), from: "w", at: now - .seconds(3))
        #expect(reports.all["w"]?.heartbeat.eventsProcessed == 2)
        #expect(reports.all["w"]?.received == now)
        reports.note(Self.heartbeat(3), from: "w", at: now + .milliseconds(1))
        #expect(reports.all["w"]?.heartbeat.eventsProcessed == 3)
        reports.note(Self.heartbeat(1), from: "v", at: now - .seconds(3))
        reports.forget("w")
        #expect(reports.all.keys.sorted() == ["v"])
        reports.forgetAll()
        #expect(reports.all.isEmpty)
    }
}
