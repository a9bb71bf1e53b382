import RaftCore

// What the world does to its members. Each fault ends by itself.

extension World {
    mutating func faultStrikes() throws(Violation) {
        self.agenda.plan(.fault, at: self.now + self.draw(1...self.faults.faultInterval * 2))
        guard !self.faults.classes.isEmpty else { return }
        let kind = self.faults.classes[Int(self.draw(0...UInt64(self.faults.classes.count - 1)))]
        let victim = Int(self.draw(0...UInt64(self.members.count - 1)))
        if self.strikes(kind.rawValue) { return try self.strike(kind, victim) }
        self.forgo { (world: inout World) throws(Violation) in try world.strike(kind, victim) }
    }

    private mutating func strike(_ kind: Faults.Class, _ victim: Int) throws(Violation) {
        switch kind {
        case .crash:
            try self.crash(victim)
        case .crashLeader:
            for place in self.members.indices where self.members[place].process?.status.role == .leader {
                try self.crash(place)
            }
        case .crashAll:
            for place in self.members.indices { try self.crash(place) }
        case .partition:
            let side = self.draw(0...(1 << UInt64(self.members.count)) - 1)
            for one in self.members.indices where side >> UInt64(one) & 1 == 1 {
                for other in self.members.indices where side >> UInt64(other) & 1 == 0 { self.cut(one, other) }
            }
            self.report.partitions += 1
        case .isolate:
            for other in self.members.indices where other != victim { self.cut(victim, other) }
            self.report.partitions += 1
        case .oneWay:
            let other = self.other(than: victim)
            self.network.cutOneWay(victim, other)
            self.planHealing(victim, other)
        case .bridge:
            self.cut(victim, self.other(than: victim))
        case .pause:
            self.members[victim].pausedUntil = self.now + self.draw(1...self.faults.faultSpan)
            self.report.pauses += 1
        case .stall:
            guard self.members[victim].process != nil else { return }
            self.members[victim].disk.isStalled = true
            self.report.stalls += 1
            self.agenda.plan(.unstall(member: victim), at: self.now + self.draw(1...self.faults.faultSpan))
        case .disconnect:
            guard let leader = self.members[victim].process?.status.leader else { return }
            self.agenda.plan(.lost(member: victim, leader, boot: self.members[victim].boot), at: self.now)
        case .wipe:
            try self.wipe(victim)
        }
    }

    /// Only a disk that the others would know again is wiped, and only one at a time: what it promised must still be
    /// on a quorum of the rest.
    private mutating func wipe(_ victim: Int) throws(Violation) {
        let voters = self.oracle.membership.futureVoters
        guard voters.count >= 3, !self.oracle.membership.isJoint, voters.contains(self.members[victim].id) else {
            return
        }
        for member in self.members where voters.contains(member.id) && member.id.place != victim {
            guard !member.isGhost, member.knows(self.members[victim].id),
                member.process?.status.membership == self.oracle.membership
            else { return }
        }
        // Somebody who was sent away before it had heard of that disk could still make a quorum of the first hour with
        // its successor.
        for member in self.members where !voters.contains(member.id) && !member.isRetired {
            guard let membership = member.process?.status.membership else { return }
            if membership.isVoter(self.members[victim].id) && !member.knows(self.members[victim].id) { return }
        }
        // A cluster of one begins anew with an empty disk: nobody is there who could object.
        if self.members[victim].genesis.futureVoters.count == 1 { return }
        // Two that were wiped, and were not told yet, could take each other for the cluster of the first hour.
        guard self.members.allSatisfy({ !$0.isGhost || $0.isRetired }) else { return }
        guard self.isSafeWithout(victim) else { return }
        try self.crash(victim)
        self.members[victim] = self.members[victim].wiped(incarnation: Incarnation(self.random.next()))
        self.report.wipes += 1
        self.narrator?("\(self.now) us  member \(victim + 1) loses its disk")
    }

    /// Whether everything committed, and whatever else this member has promised to keep, is on a quorum's disks even
    /// without its own.
    private func isSafeWithout(_ victim: Int) -> Bool {
        [self.oracle.lastCommitted ?? .zero, self.members[victim].disk.last].allSatisfy { position in
            self.oracle.membership.hasQuorum { id in
                id.place != victim && self.members[id.place].disk.holds(position)
            }
        }
    }

    mutating func crash(_ place: Int) throws(Violation) {
        guard self.members[place].process != nil else { return }
        let keepsBatch = self.chance(500)
        let lost = try self.changeDisk(place) { $0.crash(keepingBatch: keepsBatch, $1) }
        self.members[place].process = nil
        self.clients.crashed(place)
        self.members[place].boot += 1
        self.members[place].pausedUntil = 0
        let id = self.members[place].id
        // A process that ends closes its connections; a machine that loses its power does not.
        if self.chance(500) {
            for other in self.members where other.process != nil && self.network.connects(id, other.id) {
                self.agenda.plan(.lost(member: other.id.place, id, boot: other.boot), at: self.now + self.drawDelay())
            }
        }
        if self.members[place].isRetired { return }
        self.report.crashes += 1
        if lost { self.report.crashesThatLostWrites += 1 }
        self.agenda.plan(.restart(member: place), at: self.now + self.draw(1...self.faults.faultSpan))
        self.narrator?("\(self.now) us  member \(place + 1) loses power\(lost ? " and writes" : "")")
    }

    private mutating func cut(_ one: Int, _ other: Int) {
        self.network.cut(one, other)
        self.planHealing(one, other)
    }

    private mutating func planHealing(_ one: Int, _ other: Int) {
        self.agenda.plan(.heal(member: one, other: other), at: self.now + self.draw(1...self.faults.faultSpan))
    }

    private mutating func other(than place: Int) -> Int {
        if self.members.count == 1 { return place }
        let step = Int(self.draw(1...UInt64(self.members.count - 1)))
        return (place + step) % self.members.count
    }
}
