import RaftCore

// Snapshots on their way: chunk after chunk, pulled by the receiver, over the same network as everything else.

extension World {
    /// Starts what the core asks for, and gives up what it needs no more.
    mutating func moveSnapshots(_ place: Int, _ core: Consensus, _ input: Input) {
        if let (snapshot, source) = self.effects.fetch {
            let isRunning =
                self.members[place].source != nil && self.members[place].disk.partial?.snapshot.id == snapshot.id
            self.members[place].source = source
            if self.members[place].disk.begin(snapshot) == snapshot.chunkCount {
                self.finishTransfer(place, snapshot)
            } else if !isRunning {
                self.pull(place, core.fetching)
            }
        }
        switch input {
        case .captured, .fetched, .persisted: break
        default: if self.effects.fetch == nil { return }
        }
        guard self.members[place].disk.holdsChunks else { return }
        self.members[place].disk.keep(only: core.snapshots, fetching: core.fetching)
    }

    /// Asks for the next chunk of what is being fetched, and again in a while if it does not come.
    mutating func pull(_ place: Int, _ fetching: Snapshot?) {
        guard let id = fetching?.id, let source = self.members[place].source,
            let partial = self.members[place].disk.partial, partial.snapshot.id == id
        else {
            self.members[place].source = nil
            return
        }
        self.members[place].pullPlan += 1
        let patience = 4 * self.faults.delayMax + 2 * self.faults.chunkTime + 10_000
        self.agenda.plan(.pull(member: place, plan: self.members[place].pullPlan), at: self.now + patience)
        guard self.members[place].pausedUntil <= self.now, !self.suffers(.drop, self.faults.drop) else { return }
        self.agenda.plan(
            .chunkRequest(from: self.members[place].id, member: source.place, id, partial.held),
            at: self.now + self.drawDelay()
        )
    }

    mutating func serveChunk(_ place: Int, to receiver: NodeID, _ id: Snapshot.ID, _ number: UInt32) {
        let source = self.members[place].id
        guard self.members[place].process != nil, self.members[place].pausedUntil <= self.now,
            self.network.connects(receiver, source), self.members[place].disk.content(id) != nil,
            !self.suffers(.drop, self.faults.drop)
        else { return }
        self.report.chunks += 1
        let delay = self.drawDelay() + self.faults.chunkTime
        self.agenda.plan(.chunk(member: receiver.place, from: source, id, number), at: self.now + delay)
    }

    mutating func receiveChunk(_ place: Int, from source: NodeID, _ id: Snapshot.ID, _ number: UInt32) {
        guard self.members[place].process?.fetching?.id == id, self.members[place].pausedUntil <= self.now,
            self.network.connects(source, self.members[place].id)
        else { return }
        self.members[place].disk.storeChunk(number, of: id)
        guard let partial = self.members[place].disk.partial, partial.snapshot.id == id else { return }
        if partial.held == partial.snapshot.chunkCount {
            self.finishTransfer(place, partial.snapshot)
        } else if number + 1 == partial.held {
            self.pull(place, self.members[place].process?.fetching)
        }
    }

    /// All chunks are here: they are what the snapshot was taken of.
    private mutating func finishTransfer(_ place: Int, _ snapshot: Snapshot) {
        guard let state = self.oracle.states[snapshot.id] else { return }
        self.members[place].disk.store(snapshot, state)
        self.members[place].source = nil
        let event = Agenda.Event.fetched(member: place, boot: self.members[place].boot, snapshot)
        self.agenda.plan(event, at: self.now + self.faults.diskUsual)
    }
}
