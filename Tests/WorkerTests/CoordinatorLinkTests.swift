import ClusterAPI
import Glibc
import TestBroker
import Testing

@testable import Worker

@Suite struct CoordinatorLinkTests {
    @Test func `a worker registers, and says in heartbeats what it holds`() async throws {
        let coordinator = try await FakeCoordinator()
        let worker = try await TestWorker {
            $0.apiKey = "key"
            $0.workerID = "w-1"
            $0.coordinators = [coordinator.url + "/"]
            $0.pipelinesMax = 7
        }
        let call = try #require(await coordinator.call { $0.path == "/api/v1/cluster/workers/register" })
        #expect(call.key == "key")
        let registration = try call.decoded(RegisterRequest.self)
        #expect(registration.workerID == "w-1")
        #expect(registration.address == "http://127.0.0.1:\(worker.port)")
        #expect(registration.apiKey == "key")
        #expect(registration.capacity.cpuCores > 0)
        #expect(registration.capacity.pipelinesMax == 7)
        let incarnation = try #require(registration.incarnation)

        let first = try #require(await coordinator.call { $0.path == "/api/v1/cluster/workers/w-1/heartbeat" })
        #expect(first.key == "key")
        let empty = try first.decoded(HeartbeatRequest.self)
        #expect(empty.pipelines == [])
        #expect(empty.incarnation == incarnation)

        coordinator.assign("hot#0", of: "g", epoch: .max, to: registration)
        let source = String(decoding: try APIJSON.encode(Programs.filter), as: UTF8.self)
        let deploy = #"{"name":"hot#0","source":\#(source),"group_id":"g","epoch":18446744073709551615}"#
        let answer = try await worker.call(.post, "/api/v1/pipelines", deploy, key: "key")
        let id = try answer.decoded(DeployPipelineResponse.self).id
        let told = try #require(try await coordinator.heartbeat { $0.pipelines?.first?.status == .running })
        #expect(
            told.pipelines == [
                PipelineReport(id: id, name: "hot#0", groupID: "g", epoch: .max, status: .running)
            ]
        )
        #expect(told.pipelinesRunning == 1)
        let event = #"{"event_type":"Reading","fields":{"value":30}}"#
        _ = try await worker.call(.post, "/api/v1/pipelines/\(id)/events", event, key: "key")
        let counted = try #require(try await coordinator.heartbeat { $0.eventsProcessed == 1 })
        #expect(counted.pipelineMetrics == [PipelineMetrics(pipelineName: "hot#0", eventsIn: 1, eventsOut: 1)])
        await worker.stop()
        await coordinator.stop()
    }

    @Test func `a change is told at once, not at the next interval`() async throws {
        let coordinator = try await FakeCoordinator(interval: 3600)
        let worker = try await TestWorker { $0.coordinators = [coordinator.url] }
        #expect(try await coordinator.registration() != nil)
        let id = try await worker.running(DeployPipelineRequest(name: "a", source: Programs.filter))
        #expect(try await coordinator.heartbeat { $0.pipelines?.first?.status == .running } != nil)
        _ = try await worker.call(.delete, "/api/v1/pipelines/\(id)")
        #expect(try await coordinator.heartbeat { $0.pipelines?.isEmpty == true } != nil)
        await worker.stop()
        await coordinator.stop()
    }

    @Test func `a pipeline that is being stopped is held until it has stopped`() async throws {
        let coordinator = try await FakeCoordinator()
        let folder = try TemporaryFolder()
        let path = folder.path
        let worker = try await TestWorker {
            $0.coordinators = [coordinator.url]
            $0.deployWait = .seconds(20)
            $0.workDirectory = path
        }
        let registration = try #require(try await coordinator.registration())
        // A pipe that nobody reads yet holds up its engine, and so its end.
        #expect(mkfifo("\(path)/pipe", 0o600) == 0)
        let source = """
            connector F = file (path: "pipe")
            stream Hot = Reading.emit(value: value).to(F)
            """
        coordinator.assign("p", of: "g", epoch: 5, to: registration)
        let request = DeployPipelineRequest(name: "p", source: source, groupID: "g", epoch: 5)
        let id = try await worker.running(request)
        #expect(try await coordinator.heartbeat { $0.pipelines?.first?.status == .running } != nil)
        let event = #"{"event_type":"Reading","fields":{"value":30}}"#
        async let injected = worker.call(.post, "/api/v1/pipelines/\(id)/events", event)
        #expect(try await coordinator.heartbeat { $0.eventsProcessed == 1 } != nil)
        let place = "/api/v1/pipelines/\(id)?epoch=5"
        async let deleted = worker.call(.delete, place)
        let leaving = try #require(try await coordinator.heartbeat { $0.pipelinesRunning == 0 })
        #expect(
            leaving.pipelines == [PipelineReport(id: id, name: "p", groupID: "g", epoch: 5, status: .starting)]
        )
        #expect(try await worker.call(.delete, place).status == 404)

        // A successor waits for it, and stands behind it.
        coordinator.assign("p", of: "g", epoch: 6, to: registration)
        let successor = DeployPipelineRequest(name: "p", source: source, groupID: "g", epoch: 6)
        async let deployed = worker.running(successor)
        let both = try #require(try await coordinator.heartbeat { $0.pipelinesRunning == 1 })
        #expect(both.pipelines?.map(\.epoch) == [5, 6])
        #expect(both.pipelines?.map(\.status) == [.starting, .starting])
        let reader = open("\(path)/pipe", O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        #expect(try await deleted.status == 200)
        _ = try await injected  // its outcome may be anything
        let next = try await deployed
        let report = PipelineReport(id: next, name: "p", groupID: "g", epoch: 6, status: .running)
        #expect(try await coordinator.heartbeat { $0.pipelines == [report] } != nil)
        await worker.stop()
        await coordinator.stop()
    }

    @Test func `registrations keep a distance, however soon the worker is forgotten again`() async throws {
        let coordinator = try await FakeCoordinator()
        let worker = try await TestWorker { $0.coordinators = [coordinator.url] }
        var times: [ContinuousClock.Instant] = []
        for _ in 0..<3 {
            let call = try #require(await coordinator.call { $0.path.hasSuffix("/register") })
            times.append(call.received)
            #expect(try await coordinator.heartbeat() != nil)  // by then the registration has been answered
            coordinator.forgetWorkers()
        }
        // Two seconds, less what messages may differ in how long they take.
        #expect(times[2] - times[0] > .seconds(1))
        await worker.stop()
        await coordinator.stop()
    }

    @Test func `a worker that is not known any more registers again as the same process`() async throws {
        let coordinator = try await FakeCoordinator()
        let worker = try await TestWorker { $0.coordinators = [coordinator.url] }
        let first = try #require(try await coordinator.registration())
        #expect(try await coordinator.heartbeat() != nil)
        coordinator.forgetWorkers()
        let second = try #require(try await coordinator.registration())
        #expect(second == first)
        #expect(try await coordinator.heartbeat() != nil)
        await worker.stop()
        await coordinator.stop()
    }

    @Test func `coordinators that are dead or deaf are passed over`() async throws {
        let dead = "http://127.0.0.1:\(try FreePort.find())"
        let deaf = try SilentListener()
        let coordinator = try await FakeCoordinator()
        let worker = try await TestWorker {
            $0.coordinators = [dead, "http://127.0.0.1:\(deaf.port)", coordinator.url]
        }
        #expect(try await coordinator.registration() != nil)
        #expect(try await coordinator.heartbeat() != nil)
        await worker.stop()
        await coordinator.stop()
    }

    @Test func `when its coordinator dies, a worker's heartbeats go to the next one`() async throws {
        let both = [try await FakeCoordinator(), try await FakeCoordinator()]
        let urls = both.map(\.url)
        // Where a worker begins follows from its id.
        let isReversed = CoordinatorList(urls, spreadBy: "w").urls != urls
        let (one, other) = isReversed ? (both[1], both[0]) : (both[0], both[1])
        let worker = try await TestWorker {
            $0.workerID = "w"
            $0.coordinators = urls
        }
        #expect(try await one.heartbeat() != nil)
        await one.stop()
        #expect(try await other.heartbeat() != nil)
        // The other one does not know it either, after a restart of all: it registers there.
        other.forgetWorkers()
        #expect(try await other.registration() != nil)
        await worker.stop()
        await other.stop()
    }

    @Test func `without any coordinator pipelines run all the same`() async throws {
        let dead = "http://127.0.0.1:\(try FreePort.find())"
        let worker = try await TestWorker { $0.coordinators = [dead] }
        _ = try await worker.running(DeployPipelineRequest(name: "a", source: Programs.filter))
        await worker.stop()
    }
}
