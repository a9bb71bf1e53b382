import HTTPTypes
import Hummingbird

extension WorkerRoutes {
    static let epochHeader = HTTPField.Name("varpulis-epoch")!  // a literal token, checked by the tests

    /// The assignment that a request is meant for, by its header or in its query; nil for any.
    static func epoch(of request: Request) throws(WorkerAPIError) -> UInt64? {
        guard let text = request.headers[Self.epochHeader] ?? request.uri.queryParameters["epoch"].map(String.init)
        else {
            return nil
        }
        guard let epoch = UInt64(text) else {
            throw WorkerAPIError(.badRequest, "Invalid query parameters: `epoch` is not a number")
        }
        return epoch
    }

    /// Refuses what is meant for another assignment than the one that is held: an older one is over, and of a newer one
    /// nothing is known here yet.
    static func checkEpoch(_ request: Request, _ pipeline: RunningPipeline) throws {
        guard let epoch = try Self.epoch(of: request), pipeline.spec.place != nil else { return }
        guard epoch == pipeline.spec.epoch else { throw PipelineRefusal.staleEpoch(held: pipeline.spec.epoch) }
    }
}
