import ClusterControl
import ClusterState
import RaftCore
import Testing

@testable import Coordinator

@Suite("A leader's office")
struct OfficeTests {
    private static let start = ContinuousClock.now
    private static let timeout = Duration.seconds(15)

    private static func state() -> ClusterState {
        var state = ClusterState()
        let spec = ClusterState.GroupSpec(name: "g", pipelines: [.init(name: "p", source: "stream S = A")])
        let commands: [Command] = [
            .register(
                .init(
                    worker: "w",
                    incarnation: WorkerIncarnation(1),
                    address: "http://w",
                    capacity: .init(cpuCores: 1, pipelinesMax: 10),
                    replacing: nil
                )
            ),
            .deployGroup(.init(group: "id", spec: spec, workers: ["w"])),
        ]
        for (place, command) in commands.enumerated() {
            _ = state.apply(command, index: UInt64(place + 1), time: 0)
        }
        return state
    }

    /// A pass as the loop makes it, with a worker that has just been heard. Returns how many actions it plans.
    private static func pass(_ office: inout Office, at now: ContinuousClock.Instant) -> Int {
        office.beginPass(at: now, heartbeatTimeout: Self.timeout)
        let report = WorkerReport(incarnation: nil, receivedAt: office.moment(of: now), inventory: [])
        let situation = Situation(
            state: Self.state(),
            reports: ["w": report],
            leaderSince: office.leaderSince,
            now: office.moment(of: now)
        )
        let plan = Reconciler(settings: .init(heartbeatTimeout: Self.timeout)).plan(situation, backOff: office.backOff)
        office.backOff = plan.backOff
        return plan.actions.count
    }

    @Test("nobody is blamed for silence before it began, nor during a pause of the leader's own")
    func blame() {
        var office = Office(term: Term(1), now: Self.start)
        #expect(office.leaderSince == ControlInstant(sinceOrigin: .zero))
        office.beginPass(at: Self.start + Self.timeout / 2, heartbeatTimeout: Self.timeout)
        #expect(office.leaderSince == ControlInstant(sinceOrigin: .zero))
        let afterPause = Self.start + Self.timeout + .milliseconds(1)
        office.beginPass(at: afterPause, heartbeatTimeout: Self.timeout)
        #expect(office.leaderSince == office.moment(of: afterPause))
    }

    @Test("what was tried before a pause is tried again after it, not only when the office is twice as old")
    func backOffAfterPause() {
        var office = Office(term: Term(1), now: Self.start)
        var now = Self.start
        // Ten minutes without a pause, in which the pipeline is started again and again.
        for _ in 0..<600 {
            now += .seconds(1)
            _ = Self.pass(&office, at: now)
        }
        now += .seconds(60)
        #expect(Self.pass(&office, at: now) == 1)
    }
}
