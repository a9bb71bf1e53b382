import ClusterAPI
import HTTPTypes
import Hummingbird

extension Routes {
    /// What the API has words for and this product does not do: models and the assistant.
    func addUnimplemented(to router: RouterGroup<APIContext>) {
        let routes: [(HTTPRequest.Method, String, Role)] = [
            (.get, "models", .viewer), (.post, "models", .operator), (.delete, "models/:name", .admin),
            (.get, "models/:name/download", .viewer), (.post, "chat", .viewer), (.get, "chat/config", .viewer),
            (.put, "chat/config", .operator),
        ]
        for (method, path, least) in routes {
            router.on(RouterPath(path), method: method) { _, context -> Response in
                try context.require(least)
                throw APIError(.notImplemented, .notImplemented, "Varpulis does not do this: \(path)")
            }
        }
    }
}
