import VPL

/// Why a deploy or a delete is not carried out.
enum PipelineRefusal: Error {
    /// The program has errors.
    case program([Diagnostic])
    /// A connector that the program uses cannot be run as it is declared.
    case connector(String)
    /// The request belongs to an older assignment than the one that is held.
    case staleEpoch(held: UInt64)
    case idTaken(String)
    case notFound(String)
    /// The worker runs as many pipelines as it may.
    case full(Int)
    /// Its tenant may have no more of it: a sentence.
    case quota(String)
    /// Its tenant is gone.
    case tenantRemoved
    /// The cluster assigned it, and so changes it.
    case placedByCluster
    /// The state directory could not be written.
    case storage(String)
}
