import ClusterAPI
import ClusterState
import HTTPTypes
import Hummingbird

extension Routes {
    /// To whom one place belongs: what workers ask before they go on with what they were given.
    func addPlacements(to router: RouterGroup<APIContext>) {
        let led = router.add(middleware: LeaderGate(plane: self.plane, readsAnywhere: true))
        led.get("placements/:group/:pipeline") { request, context -> Response in
            try context.require(.operator)
            let id = GroupID(try context.parameter("group"))
            let pipeline = try context.parameter("pipeline")
            let state = try await self.state(for: request)
            guard let assignment = state.assignment(of: pipeline, in: id) else {
                throw APIError(.notFound, .placementNotFound, "Placement not found: \(pipeline) of \(id)")
            }
            return Response.json(.ok, assignment)
        }
    }
}

extension ClusterState {
    /// - Parameter pipeline: The name with the replica's number, as in `p#0`.
    func assignment(of pipeline: String, in id: GroupID) -> Assignment? {
        guard let group = self.group(id),
            let placement = group.placements.first(where: { group.key(of: $0).name == pipeline })
        else { return nil }
        return Assignment(
            groupID: id.rawValue,
            pipeline: pipeline,
            epoch: placement.epoch.rawValue,
            workerID: placement.worker?.rawValue,
            incarnation: placement.worker.flatMap { self.worker($0)?.incarnation.rawValue },
            status: placement.status.wire
        )
    }
}
