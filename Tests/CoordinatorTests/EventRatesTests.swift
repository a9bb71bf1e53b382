import ClusterAPI
import ClusterState
import Testing

@testable import Coordinator

@Suite("How many events workers process in a second")
struct EventRatesTests {
    private static let start = ContinuousClock.now

    private static func report(_ events: UInt64, after seconds: Int) -> WorkerReports.Report {
        .init(
            heartbeat: HeartbeatRequest(eventsProcessed: events, pipelinesRunning: 0),
            received: self.start + .seconds(seconds)
        )
    }

    @Test("comes from what each said last and before that")
    func rates() {
        let rates = EventRates()
        let (a, b) = (WorkerID("a"), WorkerID("b"))
        rates.note([a: Self.report(100, after: 0), b: Self.report(0, after: 0)])
        #expect(rates.perSecond(since: Self.start) == 0)
        rates.note([a: Self.report(600, after: 5), b: Self.report(50, after: 10)])
        #expect(rates.perSecond(since: Self.start) == 105)
        // The same word again says nothing new, and one that has fallen silent counts no more.
        rates.note([a: Self.report(600, after: 5), b: Self.report(50, after: 10)])
        #expect(rates.perSecond(since: Self.start) == 105)
        #expect(rates.perSecond(since: Self.start + .seconds(6)) == 5)
        // A worker that was started anew counts from zero.
        rates.note([a: Self.report(20, after: 15), b: Self.report(60, after: 20)])
        #expect(rates.perSecond(since: Self.start) == 3)
        rates.note([b: Self.report(60, after: 20)])
        #expect(rates.perSecond(since: Self.start) == 1)
    }
}
