/// To whom a place belongs now: answer to `GET ~/placements/{group}/{pipeline}`, by which a worker learns whether what it was
/// given is still its own.
public struct Assignment: Hashable, Sendable, Codable {
    public var groupID: String
    /// A replica carries its number, as in `p#0`.
    public var pipeline: String
    /// Of the newest assignment, also while there is no worker.
    public var epoch: UInt64
    /// Absent while no worker could take it.
    public var workerID: String?
    /// Of the worker's process that is registered now.
    public var incarnation: UInt64?
    public var status: PlacementStatus

    public init(
        groupID: String,
        pipeline: String,
        epoch: UInt64,
        workerID: String?,
        incarnation: UInt64?,
        status: PlacementStatus
    ) {
        self.groupID = groupID
        self.pipeline = pipeline
        self.epoch = epoch
        self.workerID = workerID
        self.incarnation = incarnation
        self.status = status
    }

    enum CodingKeys: String, CodingKey {
        case groupID = "group_id"
        case pipeline, epoch
        case workerID = "worker_id"
        case incarnation, status
    }
}
