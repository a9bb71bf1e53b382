import HTTPTypes
import Hummingbird
import Synchronization

/// Passes routes on to a router and remembers which methods each path has, so that the others can be refused with 405
/// rather than 404.
final class RouteTable: RouterMethods {
    private let router: Router<APIContext>
    private let methods = Mutex<[String: (path: RouterPath, known: Set<HTTPRequest.Method>)]>([:])

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
        for (path, known) in self.methods.withLock({ Array($0.values) }) {
            for method in [HTTPRequest.Method.get, .put, .post, .patch, .delete] where !known.contains(method) {
                self.router.on(path, method: method) { _, _ -> Response in
                    throw APIError(.methodNotAllowed, "The path does not have the method \(method.rawValue)")
                }
            }
        }
    }
}
