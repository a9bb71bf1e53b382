import Hummingbird
import NIOCore
import Security

/// What is known of a request besides itself.
struct WorkerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Where the request came from.
    let client: ClientAddress
    /// Under which the request appears in the log.
    var requestID = ""
    /// Whose key the caller showed; set for every path that needs one.
    var tenant: Tenant?

    init(source: ApplicationRequestContextSource) {
        self.coreContext = CoreRequestContextStorage(source: source)
        self.client = ClientAddress(source.channel.remoteAddress)
    }
}
