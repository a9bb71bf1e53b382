import ClusterControl
import ClusterState

extension World {
    /// What must never be: two processes that hold the same pipeline at the same epoch, or a state that breaks its own
    /// rules.
    var violation: String? {
        if let violation = self.state.violatedInvariant { return violation }
        var owners: [String: WorkerID] = [:]
        for machine in self.machines {
            for pipeline in machine.inventory {
                let assignment = "\(pipeline.placement) at \(pipeline.epoch)"
                if let other = owners.updateValue(machine.id, forKey: assignment) {
                    return "\(assignment) is held by \(other) and \(machine.id)"
                }
            }
        }
        return nil
    }

    /// A placement that runs on two machines at once, at whatever epochs.
    var doubleOwner: String? {
        var owners: [PlacementKey: WorkerID] = [:]
        for machine in self.machines {
            for pipeline in machine.inventory where pipeline.status == .running {
                if let other = owners.updateValue(machine.id, forKey: pipeline.placement) {
                    return "\(pipeline.placement) runs on \(other) and \(machine.id)"
                }
            }
        }
        return nil
    }

    /// What is not yet as it should be: each placement runs once, at its newest epoch, where the state says, and
    /// nothing else runs anywhere.
    var shortcoming: String? {
        var wanted = 0
        for group in self.state.groups {
            for placement in group.placements {
                wanted += 1
                let key = group.key(of: placement)
                guard let machine = self.machines.first(where: { $0.id == placement.worker }), machine.isUp else {
                    return "\(key) has no living worker"
                }
                guard let held = machine.pipelines[key], held.epoch == placement.epoch, held.status == .running else {
                    return "\(key) does not run at \(placement.epoch) on \(machine.id)"
                }
                guard placement.status == .running, placement.pipelineID == held.id else {
                    return "\(key) runs, but the state says \(placement.status)"
                }
            }
        }
        if let open = self.state.migrationsUnderWay.first { return "migration \(open) is still under way" }
        for group in self.state.groups {
            if case .updating = group.phase { return "group \(group.id) is still being updated" }
        }
        let held = self.machines.reduce(0) { $0 + $1.pipelines.count }
        return held == wanted ? nil : "\(held) pipelines run where \(wanted) should"
    }
}
