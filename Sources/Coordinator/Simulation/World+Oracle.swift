import ClusterState
import Ownership

// What must hold at any time.

extension World {
    /// Of each pipeline one process at most may publish: it owns it, its lease has not run out, its sessions are its own.
    func checkOwners() throws(Violation) {
        var owners: [PlacementKey: WorkerIncarnation] = [:]
        for (place, machine) in self.workers.enumerated() {
            guard let process = machine.process else { continue }
            for pipeline in process.pipelines where self.mayPublish(pipeline, at: place) {
                if let other = owners.updateValue(process.incarnation, forKey: pipeline.key) {
                    let both = "\(other) and \(process.incarnation) (worker \(place), \(pipeline.epoch))"
                    throw Violation(.oneOwner, "\(pipeline.key): \(both)")
                }
            }
        }
    }

    /// Whether what it sends now would count.
    private func mayPublish(_ pipeline: Pipeline, at place: Int) -> Bool {
        guard pipeline.isOwning else {
            return self.overrides.mutants.contains(.ignoreLease) && !pipeline.isFenced
        }
        switch pipeline.holding {
        case .leased(let ownership):
            if self.overrides.mutants.contains(.ignoreLease) { return true }
            guard let deadline = ownership.deadline else { return false }
            return self.instant(ofWorker: place) < deadline
        case .fenced:
            return zip(pipeline.sessions, pipeline.connections).allSatisfy { session, connection in
                connection != nil && self.brokers[session.broker].holders[session] == connection
            }
        }
    }

    /// Something of a pipeline has arrived where it counts.
    func noteArrival(_ key: PlacementKey, _ epoch: Epoch, after newest: Epoch?) throws(Violation) {
        if let newest, epoch < newest { throw Violation(.epochsRise, "\(key): \(epoch) after \(newest)") }
    }

    /// What operators were told is so in every state that is new enough to know of it.
    func checkPromises(_ state: ClusterState) throws(Violation) {
        for subject in self.subjects where subject.index > 0 && subject.index <= state.appliedIndex {
            let isThere: Bool
            switch subject.kind {
            case .group:
                let group = state.group(named: GroupName(subject.name))
                if case .present = subject.wish, let group, group.id != subject.group || group.spec != subject.spec {
                    throw Violation(.acknowledgedStays, "\(subject.name) is another at \(state.appliedIndex)")
                }
                isThere = group != nil
            case .connector: isThere = state.connector(ConnectorName(subject.name)) != nil
            case .workers: continue
            }
            switch subject.wish {
            case .unsettled: continue
            case .present where !isThere:
                throw Violation(.acknowledgedStays, "\(subject.name) is not there at \(state.appliedIndex)")
            case .absent where isThere:
                throw Violation(.acknowledgedStays, "\(subject.name) is there at \(state.appliedIndex)")
            case .present, .absent: continue
            }
        }
    }
}
