import RaftCore

// What the world does to its members. Each fault ends by itself.

extension World {
    mutating func faultStrikes() throws(Violation) {
        self.agenda.plan(.fault, at: self.now + self.draw(1...self.faults.faultInterval * 2))
        guard !self.faults.classes.isEmpty else { return }
        let kind = self.faults.classes[Int(self.draw(0...UInt64(self.faults.classes.count - 1)))]
        let victim = Int(self.draw(0...UInt64(self.members.count - 1)))
        switch kind {
        case .crash:
            try self.crash(victim)
        case .crashLeader:
            for place in self.members.indices where self.members[place].core?.status.role == .leader {
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
        }
    }

    mutating func crash(_ place: Int) throws(Violation) {
        guard self.members[place].core != nil else { return }
        let keepsBatch = self.chance(500)
        let lost = try self.changeDisk(place) { $0.crash(keepingBatch: keepsBatch, $1) }
        self.members[place].core = nil
        self.members[place].boot += 1
        self.members[place].pausedUntil = 0
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

extension Effects {
    /// Whether the step changed the log or what is committed of it.
    var isMomentous: Bool { !self.writes.isEmpty || self.committed != nil }
}
