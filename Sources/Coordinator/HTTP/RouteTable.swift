import HTTPTypes
import Hummingbird

/// Passes routes on to a router and remembers which there are.
struct RouteTable: RouterMethods {
    let router: Router<APIContext>
    let paths: KnownPaths

    @discardableResult
    func on<Responder: HTTPResponder>(
        _ path: RouterPath,
        method: HTTPRequest.Method,
        responder: Responder
    ) -> Self where Responder.Context == APIContext {
        self.paths.add(path.description, method)
        self.router.on(path, method: method, responder: responder)
        return self
    }

    @discardableResult
    func add(middleware: any MiddlewareProtocol<Request, Response, APIContext>) -> Self {
        self.router.add(middleware: middleware)
        return self
    }
}
