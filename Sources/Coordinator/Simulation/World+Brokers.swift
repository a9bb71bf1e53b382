import ClusterState

// What brokers do.

extension World {
    /// Something has come from a client.
    func arrive(_ packet: UpPacket, over number: UInt64) throws(Violation) {
        guard let connection = self.connections[number], !connection.isBroken else { return }
        let place = connection.broker
        guard self.network.isOpen(.worker(connection.worker), .broker(place), at: self.now),
            self.brokers[place].downUntil <= self.now
        else { return self.breakConnection(number) }
        guard case .session(_, let session) = connection.purpose else {
            return self.serveProbe(packet, connection, over: number)
        }
        if case .connect = packet {
            if let former = self.brokers[place].holders.updateValue(number, forKey: session) {
                self.report.count(.takeovers)
                self.sendDown(.closed, over: former)
            }
            return self.sendDown(.accepted, over: number)
        }
        // Whatever else comes over a connection that was thrown out is not heard.
        guard self.brokers[place].holders[session] == number else {
            if case .publish = packet { self.report.count(.latePublishes) }
            if case .disconnect = packet { self.connections[number] = nil }
            return
        }
        switch packet {
        case .connect: break
        case .read(let attempt):
            self.sendDown(.record(self.brokers[place].records[session.key], attempt: attempt), over: number)
        case .write(let record, let attempt):
            self.brokers[place].records[session.key] = record
            self.sendDown(.written(attempt: attempt), over: number)
        case .publish(let key, let epoch):
            self.report.count(.publishes)
            try self.noteArrival(key, epoch, after: self.brokers[place].newest[key])
            self.brokers[place].newest[key] = epoch
        case .disconnect:
            self.brokers[place].holders[session] = nil
            self.connections[number] = nil
        }
    }

    private func serveProbe(_ packet: UpPacket, _ connection: Connection, over number: UInt64) {
        switch packet {
        case .read(let attempt):
            guard case .probe(let key, _, _) = connection.purpose else { return }
            self.sendDown(.record(self.brokers[connection.broker].records[key], attempt: attempt), over: number)
        case .disconnect: self.connections[number] = nil
        case .connect, .write, .publish: break
        }
    }

    /// The broker has found out that nobody is at the other end.
    func drop(_ number: UInt64) {
        guard let connection = self.connections[number] else { return }
        self.endFound(number)
        guard case .session(_, let session) = connection.purpose else { return }
        if self.brokers[connection.broker].holders[session] == number {
            self.brokers[connection.broker].holders[session] = nil
        }
    }

    /// All connections are closed; what is retained is kept.
    func restartBroker(_ place: Int) {
        self.narrate("broker \(place) restarts")
        self.brokers[place].downUntil = self.now + self.draw(1...self.faults.span)
        for number in self.connections.keys.sorted() where self.connections[number]?.broker == place {
            self.breakConnection(number)
        }
        self.brokers[place].holders = [:]
    }
}
