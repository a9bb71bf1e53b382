internal import HashTreeCollections
import RaftSessions

extension ClusterState {
    /// Gives a placement to a worker at a new epoch, and with it all that has to be at the same worker.
    ///
    /// The group is a copy that the caller stores; on a refusal nothing is changed.
    mutating func move(
        _ index: Int,
        of group: inout Group,
        to worker: WorkerID,
        returns: Bool = false
    ) throws(Refusal) {
        var (state, moved) = (self, group)
        try state.assign(&moved.placements[index], to: worker, returns: returns)
        let leader = group.key(of: group.placements[index])
        let company = Set(group.spec.company(of: leader.pipeline))
        for other in moved.placements.indices where other != index {
            guard company.contains(moved.placements[other].pipeline) else { continue }
            guard moved.placements[other].worker != worker else { continue }
            try state.assign(&moved.placements[other], to: worker, returns: returns)
            let key = group.key(of: moved.placements[other])
            state.endMigration(of: key, .failed("the pipeline was moved together with \(leader.name)"))
        }
        self = state
        group = moved
    }

    /// Gives all placements of a company the worker of the first of them that has one. The state is a copy that the
    /// caller throws away on a refusal.
    mutating func gatherCompanies(of group: inout Group) throws(Refusal) {
        for company in group.spec.companies {
            let company = Set(company)
            let members = group.placements.indices.filter { company.contains(group.placements[$0].pipeline) }
            guard let home = members.compactMap({ group.placements[$0].worker }).first else { continue }
            for member in members where group.placements[member].worker != home {
                try self.assign(&group.placements[member], to: home)
                let key = group.key(of: group.placements[member])
                self.endMigration(of: key, .failed("the pipeline was moved to the pipelines it is connected with"))
            }
        }
    }

    /// Takes the worker from all placements of a company that are not at one and the same: they are placed anew.
    mutating func scatterDividedCompanies() {
        for var group in self.groupsByID.values {
            for company in group.spec.companies {
                let company = Set(company)
                let members = group.placements.indices.filter { company.contains(group.placements[$0].pipeline) }
                guard Set(members.map { group.placements[$0].worker }).count > 1 else { continue }
                for member in members {
                    group.placements[member].worker = nil
                    group.placements[member].forgetReport()
                }
            }
            self.groupsByID[group.id] = group
        }
    }

    /// A sentence about the first company that is not at one worker.
    func dividedCompany(in group: Group) -> String? {
        for company in group.spec.companies {
            let members = Set(company)
            let workers = Set(group.placements.filter { members.contains($0.pipeline) }.map(\.worker))
            if workers.count > 1 { return "pipelines \(company) of group \(group.id) are not at one worker" }
        }
        return nil
    }

    /// The routes' connector has to be there, and of a kind that carries them.
    func checkBroker(of spec: GroupSpec) throws(Refusal) {
        guard let name = spec.broker else { return }
        guard let connector = self.connector(name) else { throw .connectorNotFound(name) }
        guard connector.type == "mqtt" else {
            throw .invalid("connector \(name) is not of type mqtt and carries no routes")
        }
    }
}
