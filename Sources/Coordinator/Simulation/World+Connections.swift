import ClusterState
import Ownership

// Connections between workers and brokers, as workers see them.

extension World {
    /// Opens a connection that takes a session over.
    func connect(_ session: Int, _ pipeline: Pipeline, _ place: Int, _ process: Worker) {
        guard let index = process.place(serial: pipeline.serial) else { return }
        let name = pipeline.sessions[session]
        let number = self.openConnection(.session(session, name), to: name.broker, pipeline, place)
        process.pipelines[index].connections[session] = number
        self.sendUp(.connect, over: number)
    }

    /// Looks at an owner record over a connection that takes nothing over.
    func probe(_ pipeline: Pipeline, broker: Int, _ attempt: UInt64, _ place: Int, _ process: Worker) {
        guard let index = process.place(serial: pipeline.serial) else { return }
        let purpose = Connection.Purpose.probe(pipeline.key, broker: broker, attempt: attempt)
        let number = self.openConnection(purpose, to: pipeline.brokers[broker], pipeline, place)
        process.pipelines[index].probes.append(number)
        self.sendUp(.read(attempt: attempt), over: number)
    }

    private func openConnection(
        _ purpose: Connection.Purpose,
        to broker: Int,
        _ pipeline: Pipeline,
        _ place: Int
    ) -> UInt64 {
        let number = self.nextNumber()
        self.connections[number] = Connection(
            worker: place,
            boot: self.workers[place].boot,
            serial: pipeline.serial,
            broker: broker,
            purpose: purpose
        )
        return number
    }

    /// Something has come from the broker.
    func arrive(_ packet: DownPacket, over number: UInt64) {
        guard let connection = self.connections[number] else { return }
        let place = connection.worker
        if case .lost = packet {
            self.endFound(number)
        } else {
            if connection.isBroken { return }
            guard self.network.isOpen(.broker(connection.broker), .worker(place), at: self.now) else {
                return self.breakConnection(number)
            }
            if case .closed = packet { self.connections[number] = nil }
        }
        guard self.workers[place].boot == connection.boot, let process = self.workers[place].process,
            let index = process.place(serial: connection.serial)
        else { return }
        let pipeline = process.pipelines[index]
        switch connection.purpose {
        case .session(let session, _):
            guard pipeline.connections[session] == number else { return }
            self.arrive(packet, session, pipeline, connection, place, process)
        case .probe(_, let broker, let attempt):
            guard pipeline.probes.contains(number) else { return }
            process.pipelines[index].probes.removeAll { $0 == number }
            let reading: OwnerRecordReading
            if case .record(let record, _) = packet {
                reading = record.map { .epoch($0.epoch.rawValue) } ?? .absent
                self.close(number)
            } else {
                reading = .unreadable
            }
            self.change(pipeline.serial, place, process) { pipeline, effects, _ in
                guard case .fenced(var ownership) = pipeline.holding else { return }
                ownership.recordChecked(reading, at: BrokerID(broker), attempt: attempt, &effects)
                pipeline.holding = .fenced(ownership)
            }
        }
    }

    private func arrive(
        _ packet: DownPacket,
        _ session: Int,
        _ pipeline: Pipeline,
        _ connection: Connection,
        _ place: Int,
        _ process: Worker
    ) {
        guard let broker = pipeline.brokers.firstIndex(of: connection.broker) else { return }
        if case .record(let record, let attempt) = packet {
            return self.recordRead(record, attempt, at: BrokerID(broker), pipeline.serial, place, process)
        }
        if packet.isEnd, pipeline.isOwning, self.overrides.mutants.contains(.reconnect) {
            return self.connect(session, pipeline, place, process)
        }
        self.change(pipeline.serial, place, process) { pipeline, effects, _ in
            guard case .fenced(var ownership) = pipeline.holding else { return }
            switch packet {
            case .accepted: ownership.sessionConnected(SessionID(session), &effects)
            case .written(let attempt):
                ownership.recordWritten(true, at: BrokerID(broker), attempt: attempt, &effects)
            case .closed, .lost:
                pipeline.connections[session] = nil
                ownership.sessionLost(SessionID(session), &effects)
            case .record: break
            }
            pipeline.holding = .fenced(ownership)
        }
    }

    // MARK: Packets

    func sendUp(_ packet: UpPacket, over number: UInt64) {
        guard var connection = self.connections[number], !connection.isBroken else { return }
        connection.nextUp = max(self.now + self.drawDelay(), connection.nextUp + 1)
        self.connections[number] = connection
        self.agenda.plan(.up(connection: number, packet), at: connection.nextUp)
    }

    func sendDown(_ packet: DownPacket, over number: UInt64) {
        guard var connection = self.connections[number], !connection.isBroken else { return }
        connection.nextDown = max(self.now + self.drawDelay(), connection.nextDown + 1)
        self.connections[number] = connection
        self.agenda.plan(.down(connection: number, packet), at: connection.nextDown)
    }

    /// The client ends a connection in good order.
    func close(_ number: UInt64) { self.sendUp(.disconnect, over: number) }

    /// Nothing gets through any more, and both ends find out in time.
    func breakConnection(_ number: UInt64) {
        guard let connection = self.connections[number], !connection.isBroken else { return }
        self.connections[number]?.isBroken = true
        let end = self.now + self.draw(1...self.faults.keepAlive)
        self.agenda.plan(.droppedAtBroker(connection: number), at: end)
        // Later than whatever was sent before it broke.
        let found = max(self.now + self.draw(1...self.faults.keepAlive), connection.nextDown + 1)
        self.agenda.plan(.down(connection: number, .lost), at: found)
    }
}

extension World {
    /// One end has found a broken connection dead. When both have, it is forgotten.
    func endFound(_ number: UInt64) {
        let isOver = self.connections[number]?.isHalfForgotten == true
        if isOver { self.connections[number] = nil } else { self.connections[number]?.isHalfForgotten = true }
    }
}

extension DownPacket {
    fileprivate var isEnd: Bool {
        switch self {
        case .closed, .lost: true
        case .accepted, .record, .written: false
        }
    }
}
