import ClusterAPI
import Foundation
import HTTPTypes
import Testing

@testable import Worker

@Suite struct DocumentTests {
    private struct Document: Decodable {
        struct Info: Decodable { let version: String }
        struct Item: Decodable {
            let get: Operation?
            let post: Operation?
            let delete: Operation?

            var methods: Set<String> {
                let pairs = [("GET", self.get), ("POST", self.post), ("DELETE", self.delete)]
                return Set(pairs.filter { $0.1 != nil }.map(\.0))
            }
        }
        struct Operation: Decodable { let operationId: String }

        let info: Info
        let paths: [String: Item]
    }

    @Test func `the document has the paths that are served, no more and no fewer`() async throws {
        let worker = try await TestWorker()
        let document = try await worker.call(.get, "/openapi.json").decoded(Document.self)
        await worker.stop()
        #expect(document.info.version == ProductVersion.current)
        let described = document.paths.mapValues(\.methods)

        let paths = KnownPaths()
        let configuration = WorkerConfiguration(logger: TestWorker.quiet)
        let routes = WorkerRoutes(
            registry: PipelineRegistry(store: nil, surroundings: .forTests(), pipelinesMax: 1),
            tenants: try TenantRegistry(store: nil, pipelinesMax: 1),
            readiness: Readiness(inCluster: false),
            configuration: configuration
        )
        _ = routes.router(paths: paths)
        var served: [String: Set<String>] = [:]
        for entry in paths.all {
            served[entry.path, default: []].formUnion(entry.methods.filter { $0 != .head }.map(\.rawValue))
        }
        #expect(described == served)
        let operations = document.paths.values.flatMap { [$0.get, $0.post, $0.delete].compactMap(\.?.operationId) }
        #expect(Set(operations).count == operations.count)
    }
}
