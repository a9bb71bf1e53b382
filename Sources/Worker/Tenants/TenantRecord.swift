import ClusterAPI

/// A tenant as the state directory keeps it. Its key is not there, only the key's digest.
struct TenantRecord: Codable {
    let id: String
    let name: String
    let quota: TenantQuota
    let keyDigest: String

    enum CodingKeys: String, CodingKey {
        case id, name, quota
        case keyDigest = "key_sha256"
    }
}
