import ClusterAPI
import Ownership

/// What a broker retains about a place: who was the last to own it.
struct OwnerRecord: Hashable, Sendable, Codable {
    let epoch: UInt64
    let worker: String
    let incarnation: UInt64

    /// More than any of ours has.
    private static let bytesMax = 4096

    /// Names may hold anything, topics' separators and wildcards too.
    static func topic(_ place: PipelineSpec.Place) -> String {
        "varpulis/cluster/owner/\(ClientID.escaped(place.groupID))/\(ClientID.escaped(place.name))"
    }

    /// What was retained, if it can be understood.
    static func reading(_ payload: [UInt8]?) -> OwnerRecordReading {
        guard let payload else { return .absent }
        guard payload.count <= Self.bytesMax else { return .unreadable }
        do throws(BodyError) {
            return .epoch(try APIJSON.decode(OwnerRecord.self, from: payload).epoch)
        } catch {
            return .unreadable
        }
    }
}
