import ClusterAPI
import Synchronization
import Testing
import WebSocket

@testable import Worker

@Suite struct WorkerSessionTests {
    @Test func `a worker speaks over a session, at the coordinator's interval and on every change`() async throws {
        let coordinator = try await SessionCoordinator()
        let worker = try await TestWorker {
            $0.apiKey = "key"
            $0.workerID = "w-1"
            $0.coordinators = [coordinator.url]
        }
        guard
            case .identified(let identification) = await coordinator.event(where: {
                if case .identified = $0 { true } else { false }
            })
        else {
            Issue.record("no session")
            return
        }
        #expect(identification.workerID == "w-1")
        #expect(identification.apiKey == "key")
        for _ in 0..<3 {
            let heartbeat = try #require(await coordinator.heartbeat())
            #expect(heartbeat.pipelines == [])
            #expect(heartbeat.incarnation == identification.incarnation)
        }
        // From the next acknowledgement on it is left alone, but for what changes.
        coordinator.script.withLock { $0.terms = SessionTerms(heartbeatIntervalMilliseconds: 3_600_000) }
        let source = String(decoding: try APIJSON.encode(Programs.filter), as: UTF8.self)
        _ = try await worker.call(.post, "/api/v1/pipelines", #"{"name":"a","source":\#(source)}"#, key: "key")
        #expect(await coordinator.heartbeat { $0.pipelines?.first?.status == .running } != nil)
        await worker.stop()
        try await coordinator.kill()
    }

    @Test func `when its coordinator dies, a worker has a session with another that the first one told it of`()
        async throws
    {
        let one = try await SessionCoordinator()
        let other = try await SessionCoordinator()
        one.script.withLock {
            $0.terms = SessionTerms(heartbeatIntervalMilliseconds: 60_000, coordinators: [one.url, other.url])
        }
        let worker = try await TestWorker { $0.coordinators = [one.url] }
        #expect(await one.heartbeat() != nil)
        try await one.kill()
        #expect(await other.heartbeat() != nil)
        await worker.stop()
        try await other.kill()
    }

    @Test func `a coordinator that has stopped answering is left for another`() async throws {
        let one = try await SessionCoordinator()
        let other = try await SessionCoordinator()
        for coordinator in [one, other] { coordinator.script.withLock { $0.answersHeartbeats = false } }
        let worker = try await TestWorker { $0.coordinators = [one.url, other.url] }
        #expect(await one.heartbeat() != nil)
        #expect(await other.heartbeat() != nil)
        await worker.stop()
        try await one.kill()
        try await other.kill()
    }

    @Test func `a worker that is not known any more registers again, and has a session again`() async throws {
        let coordinator = try await SessionCoordinator()
        let worker = try await TestWorker { $0.coordinators = [coordinator.url] }
        #expect(await coordinator.heartbeat() != nil)
        coordinator.script.withLock { $0.knowsWorkers = false }
        #expect(await coordinator.event { if case .registered = $0 { true } else { false } } != nil)
        #expect(await coordinator.heartbeat() != nil)
        await worker.stop()
        try await coordinator.kill()
    }
}
