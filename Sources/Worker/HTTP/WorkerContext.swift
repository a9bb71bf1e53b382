import Hummingbird

/// What is known of a request besides itself.
struct WorkerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Under which the request appears in the log.
    var requestID = ""
    /// Whose key the caller showed; set for every path that needs one.
    var tenant: Tenant?

    init(source: ApplicationRequestContextSource) {
        self.coreContext = CoreRequestContextStorage(source: source)
    }
}
