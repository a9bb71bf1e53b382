import NIOHTTP1
import Testing

@Suite("The page that shows the cluster")
struct DashboardTests {
    @Test("is told to everybody in one piece, and asks nobody else for anything")
    func page() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let answer = try await coordinator.get("/", key: nil)
            #expect(answer.status == 200)
            #expect(answer.headers.first(name: "content-type") == "text/html; charset=utf-8")
            let policy = try #require(answer.headers.first(name: "content-security-policy"))
            #expect(policy.contains("default-src 'none'") && policy.contains("connect-src 'self'"))
            #expect(answer.body.hasPrefix("<!doctype html>"))
            for word in ["http://", "https://", " src=", "innerHTML", TestCoordinator.key] {
                #expect(!answer.body.contains(word), "\(word)")
            }
            // What it reads is there.
            for path in ["summary", "raft", "workers?limit=1000", "pipeline-groups?limit=1000"] {
                #expect(try await coordinator.get("\(TestCoordinator.prefix)/\(path)").status == 200)
            }
        }
    }
}
