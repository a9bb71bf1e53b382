import ClusterAPI
import Dispatch
import Logging
import MQTT
import Ownership
import Synchronization

/// Holds a pipeline by its sessions at brokers.
///
/// For each broker there is one session more, which carries the owner record. It has no messages to wait for, so it answers
/// even while a source's backlog does not, and its id depends on the place and the broker alone, so that a successor with
/// another program throws it out too. Everything happens on a queue of its own, in the order in which it is told.
final class SessionOwner: PipelineOwner {
    private struct Contents {
        var machine: Ownership
        /// By session: the sinks', the sources', those that carry records.
        var clients: [MQTTClient] = []
    }

    private let fence: Fence
    private let contents: Mutex<Contents>
    private let queue: DispatchQueue
    /// By session, for people.
    private let names: [String]
    /// By broker.
    private let brokers: [MQTTConfiguration]
    private let record: [UInt8]
    private let topic: String

    /// Of reading or writing a record.
    private static let recordTimeout: Duration = .seconds(5)

    init(_ fence: Fence, _ wiring: Wiring, prefix: String) throws(MQTTError) {
        self.fence = fence
        self.queue = DispatchQueue(label: "owner-\(fence.place.name)")
        self.brokers = Self.brokers(of: wiring, fence.place, prefix: prefix)
        let connectors = wiring.sinkConnections.map(\.connector) + wiring.sources.map(\.connector)
        self.names =
            connectors.map { "connector '\($0)'" } + self.brokers.map { "owner record at \($0.host):\($0.port)" }
        self.topic = OwnerRecord.topic(fence.place)
        let record = OwnerRecord(
            epoch: fence.epoch,
            worker: fence.standing.workerID,
            incarnation: fence.standing.incarnation
        )
        do { self.record = try APIJSON.encode(record) } catch { throw MQTTError(.invalid, "\(error)") }
        let machine = Ownership(epoch: fence.epoch, sessionCount: self.names.count, brokerCount: self.brokers.count)
        self.contents = Mutex(Contents(machine: machine))
    }

    /// A session for the record at each broker, with the credentials of the first connector that names it.
    private static func brokers(of wiring: Wiring, _ place: PipelineSpec.Place, prefix: String) -> [MQTTConfiguration] {
        var brokers: [MQTTConfiguration] = []
        for used in wiring.sinkConnections.map(\.configuration) + wiring.sources.map(\.configuration)
        where !brokers.contains(where: { $0.host == used.host && $0.port == used.port }) {
            var broker = used
            broker.clientID = ClientID.owner(prefix: prefix, place: place, host: used.host, port: used.port)
            broker.session = .clean
            broker.subscriptions = []
            broker.opening = .whenTold
            brokers.append(broker)
        }
        return brokers
    }

    /// What the client of a session reports to.
    func onConnection(_ session: Int) -> @Sendable (MQTTConnectionEvent) -> Void {
        { [weak self] event in self?.report(event, of: session) }
    }

    /// Takes the clients of the sinks and then of the sources, and adds those that carry the records.
    func adopt(_ clients: [MQTTClient]) throws(MQTTError) {
        var clients = clients
        for broker in self.brokers {
            clients.append(try MQTTClient(broker, onConnection: self.onConnection(clients.count)))
        }
        self.contents.withLock { $0.clients = clients }
    }

    func start() {
        self.input { $0.start(&$1) }
    }

    func stop() {
        self.contents.withLock { $0.machine.stop() }
    }

    /// Closes the sessions that carry the records; the others are closed by whose they are.
    func close() {
        let clients = self.contents.withLock { contents in
            defer { contents.clients = [] }
            return contents.clients
        }
        let controls = clients.suffix(self.brokers.count)
        for client in controls { client.beginClose() }
        for client in controls { client.close() }
    }

    // MARK: - Inputs

    private func report(_ event: MQTTConnectionEvent, of session: Int) {
        switch event {
        case .opened:
            self.input { $0.sessionConnected(SessionID(session), &$1) }
        case .ended(let error):
            self.fence.logger.info("session lost", metadata: ["of": "\(self.names[session])", "reason": "\(error)"])
            self.fence.progress.claimFailed("\(self.names[session]): \(error.message)")
            self.input { $0.sessionLost(SessionID(session), &$1) }
        }
    }

    private func input(_ body: @escaping @Sendable (inout Ownership, inout [OwnershipEffect]) -> Void) {
        self.queue.async {
            var effects: [OwnershipEffect] = []
            let clients = self.contents.withLock { contents in
                body(&contents.machine, &effects)
                return contents.clients
            }
            // A pipeline that has been closed has no clients any more.
            guard !clients.isEmpty else { return }
            for effect in effects { self.carryOut(effect, clients) }
        }
    }

    // MARK: - Effects

    private func carryOut(_ effect: OwnershipEffect, _ clients: [MQTTClient]) {
        switch effect {
        case .connect(let session):
            clients[session.rawValue].connect()
        case .readRecord(let broker, let attempt):
            self.control(broker, clients).readRetained(self.topic, timeout: Self.recordTimeout) { result in
                let reading = self.reading(result, at: broker)
                self.input { $0.recordRead(reading, at: broker, attempt: attempt, &$1) }
            }
        case .writeRecord(let broker, let attempt):
            let message = MQTTMessage(topic: self.topic, payload: self.record, qos: .atLeastOnce, isRetained: true)
            self.control(broker, clients).publishOnce(message, timeout: Self.recordTimeout) { failure in
                if let failure { self.fence.progress.claimFailed("owner record: \(failure.message)") }
                self.input { $0.recordWritten(failure == nil, at: broker, attempt: attempt, &$1) }
            }
        case .unmute:
            self.fence.logger.info("owning")
            for client in clients { client.resume() }
            self.fence.permission.give()
            self.fence.progress.owns()
        case .mute:
            self.fence.permission.withhold()
            for client in clients { client.pause() }
            self.fence.logger.warning("muted until the assignment is confirmed")
        case .askCoordinator(let attempt):
            // Nobody waits for it: it ends within its timeout, and an answer that comes too late is ignored.
            Task {
                let answer = await self.fence.standing.standing(of: self.fence.place, epoch: self.fence.epoch)
                self.input { $0.coordinatorAnswered(answer, attempt: attempt, &$1) }
            }
        case .checkRecord(let broker, let attempt):
            RecordCheck.read(self.topic, at: self.brokers[broker.rawValue], timeout: Self.recordTimeout) { result in
                let reading = self.reading(result, at: broker)
                self.input { $0.recordChecked(reading, at: broker, attempt: attempt, &$1) }
            }
        case .startTimer(let duration, let attempt):
            // Shortened at random, so that many pipelines do not come back at the same moment.
            let seconds = duration / .seconds(1) * Double.random(in: 0.75...1)
            self.queue.asyncAfter(deadline: .now() + seconds) {
                self.input { $0.timerFired(attempt: attempt, &$1) }
            }
        case .disconnectAll:
            for client in clients { client.beginClose() }
        case .stopSuperseded:
            self.fence.supersede()
        }
    }

    private func control(_ broker: BrokerID, _ clients: [MQTTClient]) -> MQTTClient {
        clients[clients.count - self.brokers.count + broker.rawValue]
    }

    private func reading(_ result: Result<[UInt8]?, MQTTError>, at broker: BrokerID) -> OwnerRecordReading {
        let address = "\(self.brokers[broker.rawValue].host):\(self.brokers[broker.rawValue].port)"
        switch result {
        case .success(let payload):
            let reading = OwnerRecord.reading(payload)
            if reading == .unreadable {
                self.fence.progress.claimFailed("what \(address) retains for \(self.topic) is no owner record")
            }
            return reading
        case .failure(let error):
            self.fence.progress.claimFailed("owner record at \(address): \(error.message)")
            return .unreadable
        }
    }
}
