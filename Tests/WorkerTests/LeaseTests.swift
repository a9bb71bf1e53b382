import ClusterAPI
import Testing

@testable import Worker

/// Pipelines that no broker fences.
@Suite struct LeaseTests {
    private static let request = DeployPipelineRequest(name: "p", source: Programs.filter, groupID: "g", epoch: 5)
    private static let event = #"{"event_type":"Reading","fields":{"value":30}}"#

    private static func inject(
        _ worker: TestWorker,
        _ id: String,
        until status: UInt
    ) async throws -> TestWorker.Answer? {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            let answer = try await worker.call(.post, "/api/v1/pipelines/\(id)/events", Self.event)
            if answer.status == status { return answer }
            try await Task.sleep(for: .milliseconds(20))
        }
        return nil
    }

    @Test func `without a coordinator's word it takes nothing, and goes on when it is confirmed`() async throws {
        let cluster = try await FakeCoordinator(leaseMilliseconds: 2000)
        let worker = try await TestWorker {
            $0.coordinators = [cluster.url]
            $0.deployWait = .seconds(20)
        }
        let registration = try #require(try await cluster.registration())
        cluster.assign("p", of: "g", epoch: 5, to: registration)
        let id = try await worker.running(Self.request)
        #expect(try await Self.inject(worker, id, until: 200) != nil)
        cluster.answers(false)
        let refusal = try #require(try await Self.inject(worker, id, until: 503))
        #expect(refusal.header("retry-after") == "1")
        #expect(try refusal.decoded(ErrorBody.self).code == .ownershipUnconfirmed)
        cluster.answers(true)
        #expect(try await Self.inject(worker, id, until: 200) != nil)
        // What was deployed at the worker itself is nobody else's.
        cluster.answers(false)
        let own = try await worker.running(DeployPipelineRequest(name: "own", source: Programs.filter))
        _ = try #require(try await Self.inject(worker, id, until: 503))
        #expect(try await worker.call(.post, "/api/v1/pipelines/\(own)/events", Self.event).status == 200)
        await worker.stop()
        await cluster.stop()
    }

    @Test func `a shorter lease counts from the acknowledgement that brings it`() async throws {
        let cluster = try await FakeCoordinator(leaseMilliseconds: 3_600_000)
        let worker = try await TestWorker {
            $0.coordinators = [cluster.url]
            $0.deployWait = .seconds(20)
        }
        let registration = try #require(try await cluster.registration())
        cluster.assign("p", of: "g", epoch: 5, to: registration)
        let id = try await worker.running(Self.request)
        cluster.leases(milliseconds: 2000)
        #expect(try await Self.inject(worker, id, until: 200) != nil)
        #expect(try await cluster.heartbeat { $0.eventsProcessed == 1 } != nil)
        // The one before has been answered.
        #expect(try await cluster.heartbeat() != nil)
        cluster.answers(false)
        #expect(try await Self.inject(worker, id, until: 503) != nil)
        await worker.stop()
        await cluster.stop()
    }

    @Test func `one that was given to another worker meanwhile ends`() async throws {
        let cluster = try await FakeCoordinator(leaseMilliseconds: 2000)
        let worker = try await TestWorker {
            $0.coordinators = [cluster.url]
            $0.deployWait = .seconds(20)
        }
        let registration = try #require(try await cluster.registration())
        cluster.assign("p", of: "g", epoch: 5, to: registration)
        let id = try await worker.running(Self.request)
        cluster.answers(false)
        _ = try #require(try await Self.inject(worker, id, until: 503))
        cluster.assign("p", of: "g", epoch: 6, to: nil)
        cluster.answers(true)
        #expect(try await Self.inject(worker, id, until: 404) != nil)
        await worker.stop()
        await cluster.stop()
    }

    @Test func `an order that was on its way for long is not carried out`() async throws {
        let cluster = try await FakeCoordinator()
        let worker = try await TestWorker {
            $0.coordinators = [cluster.url]
            $0.deployWait = .seconds(20)
        }
        #expect(try await cluster.registration() != nil)
        cluster.assign("p", of: "g", epoch: 6, to: nil)
        #expect(try await worker.deploy(Self.request).status == 201)
        #expect(try await cluster.heartbeat { $0.pipelines?.isEmpty == true } != nil)
        await worker.stop()
        await cluster.stop()
    }
}

@Suite struct PermissionTests {
    @Test func `it ends by the clock, and a refusal is for good`() async {
        let permission = Permission(isGiven: false)
        #expect(!permission.isGiven)
        permission.give(until: .now + .seconds(600))
        #expect(permission.isGiven)
        #expect(permission.wait())
        permission.give(until: .now - .seconds(1))
        #expect(!permission.isGiven)
        permission.give()
        #expect(permission.isGiven)
        permission.withhold()
        async let waited = onThread { permission.wait() }
        permission.refuse()
        #expect(await !waited)
        permission.give()
        #expect(!permission.isGiven)
    }
}
