import ClusterAPI
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
        let one = try await FakeCoordinator()
        let other = try await FakeCoordinator()
        let worker = try await TestWorker { $0.coordinators = [one.url, other.url] }
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
