import HTTPTypes
import RaftCore

/// Where a worker says that it is reached. A coordinator calls it there, so the address is no more than a place: a
/// scheme, a host and a port, and nothing that would make a call mean something else to another server.
struct WorkerAddress: Equatable {
    let text: String

    init(_ text: String) throws(APIError) {
        let base = text.hasSuffix("/") ? String(text.dropLast()) : text
        let scheme = ["http://", "https://"].first { base.hasPrefix($0) }
        guard let scheme, base.utf8.count <= 512, let place = try? PeerAddress(base),
            base.dropFirst(scheme.count).hasSuffix(":\(place.port)")
        else {
            throw APIError(
                .badRequest,
                "Invalid request body: `address` must be an http or https URL of a host and a port, and nothing else"
            )
        }
        self.text = base
    }
}
