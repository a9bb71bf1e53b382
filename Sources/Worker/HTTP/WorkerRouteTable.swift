import HTTPTypes
import Hummingbird
import Synchronization

/// Passes routes on to a router and remembers which methods each path has, so that others are refused with 405 and not
/// with 404.
final class WorkerRouteTable: RouterMethods {
    typealias Context = WorkerContext

    private let router: Router<WorkerContext>
    private let known: KnownPaths

    init(_ router: Router<WorkerContext>, _ known: KnownPaths) {
        self.router = router
        self.known = known
    }

    @discardableResult
    func on<Responder: HTTPResponder>(
        _ path: RouterPath,
        method: HTTPRequest.Method,
        responder: Responder
    ) -> Self where Responder.Context == WorkerContext {
        self.known.add(path, method)
        self.router.on(path, method: method, responder: responder)
        return self
    }

    @discardableResult
    func add(middleware: any MiddlewareProtocol<Request, Response, WorkerContext>) -> Self {
        self.router.add(middleware: middleware)
        return self
    }
}

/// The paths that are served, and their methods.
final class KnownPaths: Sendable {
    private struct Entry {
        /// Nil for a part that may be anything.
        let parts: [Substring?]
        var methods: [HTTPRequest.Method]
    }

    private let entries = Mutex<[Entry]>([])

    func add(_ path: RouterPath, _ method: HTTPRequest.Method) {
        let parts = path.components.map { part in
            let text = part.description
            return text.hasPrefix("{") ? nil : Substring(text)
        }
        self.entries.withLock { entries in
            // The router answers HEAD wherever it answers GET.
            let methods = method == .get ? [.get, .head] : [method]
            if let place = entries.firstIndex(where: { $0.parts == parts }) {
                entries[place].methods += methods
            } else {
                entries.append(Entry(parts: parts, methods: methods))
            }
        }
    }

    /// Each path, with braces around what may be anything, and its methods.
    var all: [(path: String, methods: [HTTPRequest.Method])] {
        self.entries.withLock { entries in
            entries.map { ("/" + $0.parts.map { $0.map(String.init) ?? "{id}" }.joined(separator: "/"), $0.methods) }
        }
    }

    /// The methods that a path has; none for one that is not served.
    func methods(of path: String) -> [HTTPRequest.Method] {
        let parts = path.split(separator: "/")
        let entries = self.entries.withLock { $0 }
        return entries.first { entry in
            entry.parts.count == parts.count
                && zip(entry.parts, parts).allSatisfy { $0 == nil || $0 == $1 }
        }?.methods ?? []
    }
}
