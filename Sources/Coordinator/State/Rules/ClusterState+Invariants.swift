internal import HashTreeCollections
import RaftSessions

extension ClusterState {
    /// What must hold after every command; a sentence about the first thing that does not. Tests ask after each step,
    /// and a decoder asks before it believes a snapshot.
    public var violatedInvariant: String? {
        if self.sessions.timeMilliseconds != self.time { return "the session table has another time" }
        if let session = self.sessions.newestSession, session.rawValue > self.appliedIndex {
            return "session \(session) comes from the future"
        }
        if let violation = self.violatedSetting { return violation }
        var assigned: [WorkerID: UInt32] = [:]
        var names: Set<GroupName> = []
        var epochs: Set<Epoch> = []
        for group in self.groups {
            if let fault = group.spec.fault { return "group \(group.id): \(fault)" }
            if case .updating(let previous) = group.phase {
                if let fault = previous.fault { return "group \(group.id), before its update: \(fault)" }
                if previous.name != group.spec.name { return "group \(group.id) had another name" }
            }
            if !names.insert(group.spec.name).inserted { return "two groups are named \(group.spec.name)" }
            if self.groupIDsByName[group.spec.name] != group.id {
                return "the name of group \(group.id) leads elsewhere"
            }
            if group.generation > self.appliedIndex { return "group \(group.id) comes from the future" }
            let slots = group.placements.map(\.slot)
            if group.id == .reserved { return "a group has the id \(GroupID.reserved)" }
            if let divided = self.dividedCompany(in: group) { return divided }
            if slots != group.spec.slots { return "the placements of group \(group.id) do not fit its spec" }
            for placement in group.placements {
                let key = group.key(of: placement)
                if placement.epoch > self.lastEpoch { return "\(key) has an epoch from the future" }
                if placement.epoch != .zero, !epochs.insert(placement.epoch).inserted {
                    return "\(key) shares its epoch"
                }
                guard let worker = placement.worker else {
                    if placement.status != .pending { return "\(key) has a status without a worker" }
                    continue
                }
                if self.workersByID[worker] == nil { return "\(key) is at worker \(worker), which does not exist" }
                if placement.epoch == .zero { return "\(key) has a worker without an epoch" }
                assigned[worker, default: 0] += 1
            }
        }
        if names.count != self.groupIDsByName.count { return "a name leads to a group that is not there" }
        for worker in self.workers {
            if let fault = worker.labels.fault { return "worker \(worker.id): \(fault)" }
            if worker.registrationIndex > self.appliedIndex { return "worker \(worker.id) comes from the future" }
            if let drain = worker.drain, drain.startIndex > self.appliedIndex || drain.startedMilliseconds > self.time {
                return "the drain of worker \(worker.id) comes from the future"
            }
            if worker.assignedCount != assigned[worker.id, default: 0] {
                return "worker \(worker.id) has \(assigned[worker.id, default: 0]) placements, "
                    + "but \(worker.assignedCount) are counted"
            }
            if let violation = worker.violatedDrain { return "worker \(worker.id) \(violation)" }
        }
        return self.violatedMigration
    }
}

extension ClusterState {
    private var violatedSetting: String? {
        if self.keysIndex > self.appliedIndex { return "the keys come from the future" }
        if self.keysByID.count > AccessKey.countMax { return "there are too many keys" }
        for key in self.keys {
            if let fault = key.fault { return "key \(key.id): \(fault)" }
            if key.createdMilliseconds > self.time { return "key \(key.id) comes from the future" }
        }
        return self.scalingPolicy?.fault ?? self.settings.fault
    }
}
