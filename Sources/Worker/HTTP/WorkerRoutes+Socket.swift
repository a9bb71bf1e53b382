import ClusterAPI
import HTTPTypes
import Hummingbird

extension WorkerRoutes {
    /// What is answered at `/ws` where a connection is not upgraded: who may not come in, or does not ask for it as the
    /// protocol wants it.
    func addSocket(to routes: some RouterMethods<WorkerContext>, _ gate: KeyGate) {
        routes.get("ws") { request, _ -> Response in
            let key = SocketKey.shown(
                authorization: request.headers[.authorization],
                apiKey: request.headers[KeyGate.header],
                uri: request.uri.description
            )
            guard gate.tenant(showing: key) != nil else {
                throw WorkerAPIError(
                    .unauthorized,
                    .invalidAPIKey,
                    key == nil ? "Authentication required" : "Invalid API key"
                )
            }
            guard request.headers[.upgrade] == nil else {
                throw WorkerAPIError(.badRequest, "The upgrade to a WebSocket is not complete")
            }
            var response = WorkerAPIError(.upgradeRequired, "This path takes WebSocket connections").response
            response.headers[.upgrade] = "websocket"
            return response
        }
    }
}
