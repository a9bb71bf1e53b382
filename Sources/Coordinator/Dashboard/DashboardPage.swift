import HTTPTypes
import Hummingbird
import NIOCore

/// `GET /`: a page that shows the cluster, in one piece. It reads the API with a key that is typed in, and keeps the key
/// nowhere.
enum DashboardPage {
    private static let policy = HTTPField.Name("content-security-policy")!  // a literal token, checked by tests

    static var response: Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "text/html; charset=utf-8",
                .cacheControl: "no-cache",
                Self.policy: """
                default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                base-uri 'none'; form-action 'none'; frame-ancestors 'none'
                """,
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: Self.html))
        )
    }
}

extension Routes {
    func addDashboard(to router: RouteTable) {
        router.get("/") { _, _ -> Response in DashboardPage.response }
    }
}
