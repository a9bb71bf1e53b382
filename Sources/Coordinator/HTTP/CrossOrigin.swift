import HTTPTypes
import Hummingbird

/// Lets pages from anywhere use the API (CORS). What protects it is the key, which no browser adds by itself.
enum CrossOrigin {
    private static func name(_ text: String) -> HTTPField.Name { HTTPField.Name(text)! }  // literal tokens below

    private static let allowOrigin = Self.name("access-control-allow-origin")
    private static let exposed = Self.name("access-control-expose-headers")
    private static let requestMethod = Self.name("access-control-request-method")

    static func isPreflight(_ request: Request) -> Bool {
        request.method == .options && request.headers[.origin] != nil && request.headers[Self.requestMethod] != nil
    }

    static var preflight: Response {
        Response(
            status: .noContent,
            headers: [
                Self.allowOrigin: "*",
                Self.name("access-control-allow-methods"): "GET, POST, PUT, PATCH, DELETE, OPTIONS",
                Self.name("access-control-allow-headers"): """
                content-type, x-api-key, authorization, x-request-id, traceparent, idempotency-key, prefer
                """,
                Self.name("access-control-max-age"): "600",
            ]
        )
    }

    static func mark(_ response: inout Response, to request: Request) {
        guard request.headers[.origin] != nil else { return }
        response.headers[Self.allowOrigin] = "*"
        response.headers[Self.exposed] = """
            x-request-id, varpulis-index, idempotency-replayed, retry-after, x-varpulis-applied-index, \
            x-varpulis-staleness-ms
            """
    }
}
