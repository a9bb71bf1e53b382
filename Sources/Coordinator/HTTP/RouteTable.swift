import HTTPTypes
import Hummingbird
import Synchronization

/// Passes routes on to a router and remembers which methods each path has, so that the others can be refused with 405
/// rather than 404.
final class RouteTable: RouterMethods {
    private let router: Router<APIContext>
    private let methods = Mutex<[String: (path: RouterPath, known: Set<HTTPRequest.Method>)]>([:])

    private static let methods: [HTTPRequest.Method] = [
        .get, .head, .put, .post, .patch, .delete, .options, .trace, .connect,
    ]

    init(_ router: Router<APIContext>) { self.router = router }

    @discardableResult
    func on<Responder: HTTPResponder>(
        _ path: RouterPath,
        method: HTTPRequest.Method,
        responder: Responder
    ) -> Self where Responder.Context == APIContext {
        self.methods.withLock { _ = $0[path.description, default: (path, [])].known.insert(method) }
        self.router.on(path, method: method, responder: responder)
        return self
    }

    @discardableResult
    func add(middleware: any MiddlewareProtocol<Request, Response, APIContext>) -> Self {
        self.router.add(middleware: middleware)
        return self
    }

    /// To be called once, after the last route.
    func refuseOtherMethods() {
        for (path, methods) in self.methods.withLock({ Array($0.values) }) {
            // The router answers HEAD wherever there is GET.
            let known = methods.contains(.get) ? methods.union([.head]) : methods
            let allowed = known.map(\.rawValue).sorted().joined(separator: ", ")
            for method in Self.methods where !known.contains(method) {
                self.router.on(path, method: method) { _, _ -> Response in
                    var error = APIError(.methodNotAllowed, "The path does not have the method \(method.rawValue)")
                    error.allowed = allowed
                    throw error
                }
            }
        }
    }
}
