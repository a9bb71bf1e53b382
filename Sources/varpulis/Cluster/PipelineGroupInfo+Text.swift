import ClusterAPI

extension PipelineGroupInfo {
    /// Whether all of it runs. A group without pipelines has nothing that could not.
    var runs: Bool { self.placements.allSatisfy { $0.status == .running } }

    /// How far it is, and what has become of its last change.
    var standing: String {
        switch self.update?.phase {
        case nil: self.status.rawValue
        case .updating?: "\(self.status.rawValue), updating"
        case .rolledBack?: "\(self.status.rawValue), rolled back"
        }
    }

    /// For people: where each of its pipelines runs, and why one does not.
    var text: String {
        var text = "\(self.name) (\(self.id)): \(self.standing)\n"
        if let reason = self.update?.reason { text += "The last update did not last: \(reason).\n" }
        if self.placements.isEmpty { return text }
        let rows =
            [["PIPELINE", "WORKER", "STATUS", "EPOCH", "TRIES", "REASON"]]
            + self.placements.map { placement in
                [
                    placement.pipelineName, placement.workerText, placement.status.rawValue, "\(placement.epoch)",
                    placement.attempts.map(String.init) ?? "-", placement.reason ?? "",
                ]
            }
        return text + "\n" + rows.aligned
    }
}

extension PlacementInfo {
    /// Its worker, if it has one.
    var workerText: String { self.workerID.isEmpty ? "-" : self.workerID }
}
