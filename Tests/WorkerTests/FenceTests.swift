import ClusterAPI
import Foundation
import MQTT
import TestBroker
import Testing

@testable import Worker

/// Two workers that both believe to have a place, at a real broker.
@Suite struct FenceTests {
    private struct Stage {
        let place: FencedPlace
        let recorder = Recorder()
        let observer: MQTTClient
        let publisher: MQTTClient

        init() async throws {
            self.place = FencedPlace(
                // It drops what exceeds its own limit while nobody reads.
                try TestBroker(settings: ["allow_anonymous true", "max_queued_messages 0"])
            )
            self.observer = try self.place.client("observer", topic: "carried", self.recorder)
            self.publisher = try self.place.client("publisher")
            await onThread { [recorder] in _ = recorder.status { $0.isSubscribed } }
        }
    }

    private static func worker(_ coordinator: FakeCoordinator) async throws -> (TestWorker, RegisterRequest) {
        let worker = try await TestWorker { $0.coordinators = [coordinator.url] }
        return (worker, try #require(try await coordinator.registration()))
    }

    /// Waits until a worker runs nothing.
    private static func isEmpty(_ worker: TestWorker) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            if try await worker.pipelines().isEmpty { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    /// Whatever the old owner can learn from coordinators, it never publishes again after the new one has begun.
    @Test(arguments: ["a coordinator", "the record only"])
    func `once the new owner has published, the old one never does`(learnsFrom: String) async throws {
        let stage = try await Stage()
        let oldCluster = try await FakeCoordinator()
        let newCluster = try await FakeCoordinator()
        let (old, oldRegistration) = try await Self.worker(oldCluster)
        let (new, newRegistration) = try await Self.worker(newCluster)
        oldCluster.assign(stage.place.name, of: stage.place.group, epoch: 1, to: oldRegistration)
        newCluster.assign(stage.place.name, of: stage.place.group, epoch: 2, to: newRegistration)
        _ = try await old.running(stage.place.request(1))
        let record = try #require(try await stage.place.record())
        #expect(record.epoch == 1)
        #expect(record.worker == oldRegistration.workerID)
        #expect(record.incarnation == oldRegistration.incarnation)

        async let published: Void = stage.place.publish(0..<3000, from: stage.publisher)
        _ = try await stage.place.carried(stage.recorder, through: 200)
        if learnsFrom == "the record only" {
            oldCluster.answers(false)
        } else {
            oldCluster.assign(stage.place.name, of: stage.place.group, epoch: 2, to: newRegistration)
        }
        _ = try await new.running(stage.place.request(2))
        await published
        let carried = try await stage.place.carried(stage.recorder, through: 2999)
        let epochs = carried.map(\.epoch)
        #expect(epochs == epochs.sorted())
        #expect(Set(epochs) == [1, 2])
        #expect(Set(carried.map(\.value)) == Set(0..<3000))
        #expect(try await Self.isEmpty(old))
        #expect(try await new.pipelines().map(\.status) == [.running])
        #expect(try await stage.place.record()?.epoch == 2)
        if learnsFrom == "a coordinator" {
            #expect(try await oldCluster.heartbeat { $0.pipelines?.isEmpty == true } != nil)
        }
        for worker in [old, new] { await worker.stop() }
        for cluster in [oldCluster, newCluster] { await cluster.stop() }
    }

    @Test func `an owner that loses its broker waits, and goes on when it is confirmed`() async throws {
        let stage = try await Stage()
        let cluster = try await FakeCoordinator()
        let (worker, registration) = try await Self.worker(cluster)
        cluster.assign(stage.place.name, of: stage.place.group, epoch: 7, to: registration)
        let id = try await worker.running(stage.place.request(7))
        await stage.place.publish(0..<10, from: stage.publisher)
        _ = try await stage.place.carried(stage.recorder, through: 9)
        // This broker forgets everything, so that the record is written anew as well.
        let recorder = stage.recorder
        let seen = recorder.statusCount
        stage.place.broker.kill()
        let event = #"{"event_type":"Number","fields":{"value":10}}"#
        var muted = try await worker.call(.post, "/api/v1/pipelines/\(id)/events", event)
        while muted.status == 200 { muted = try await worker.call(.post, "/api/v1/pipelines/\(id)/events", event) }
        #expect(muted.status == 503)
        #expect(muted.header("retry-after") == "1")
        #expect(try muted.decoded(ErrorBody.self).code == .ownershipUnconfirmed)
        try stage.place.broker.start()
        #expect(try await stage.place.record()?.epoch == 7)
        let connector = "varpulis-g.201-p.230-Plant"
        let broker = stage.place.broker
        #expect(
            await onThread { broker.logs("as \(connector) (") && broker.logs("Received SUBSCRIBE from \(connector)") }
        )
        #expect(await onThread { recorder.status(from: seen) { $0.isSubscribed && $0.connectCount == 2 } } != nil)
        await stage.place.publish(20..<30, from: stage.publisher)
        let values = try await stage.place.carried(stage.recorder, through: 29).map(\.value)
        #expect(Set(values).isSuperset(of: Set(0..<10).union(20..<30)))
        await worker.stop()
        await cluster.stop()
    }

    @Test func `a pipeline whose record is newer never begins`() async throws {
        let stage = try await Stage()
        let cluster = try await FakeCoordinator()
        let (worker, registration) = try await Self.worker(cluster)
        cluster.assign(stage.place.name, of: stage.place.group, epoch: 3, to: registration)
        let newer = try APIJSON.encode(OwnerRecord(epoch: 4, worker: "other", incarnation: 1))
        let topic = stage.place.recordTopic
        let publisher = stage.publisher
        await onThread {
            let completions = Completions()
            let message = MQTTMessage(topic: topic, payload: newer, qos: .atLeastOnce, isRetained: true)
            #expect(throws: Never.self) {
                try publisher.publish(message, whenFull: .wait, completion: completions.record)
            }
            #expect(completions.wait(count: 1) == [nil])
        }
        #expect(try await worker.deploy(stage.place.request(3)).status == 201)
        #expect(try await Self.isEmpty(worker))
        await stage.place.publish(0..<3, from: stage.publisher)
        #expect(stage.recorder.messages.isEmpty)
        await worker.stop()
        await cluster.stop()
    }

    @Test func `a worker on its own claims nothing`() async throws {
        let stage = try await Stage()
        let worker = try await TestWorker()
        _ = try await worker.running(stage.place.request(1))
        await stage.place.publish(0..<3, from: stage.publisher)
        _ = try await stage.place.carried(stage.recorder, through: 2)
        #expect(!stage.place.broker.logLines.contains { $0.contains("-owner-") })
        await worker.stop()
    }
}
