import AsyncHTTPClient
import ClusterAPI
import HTTPTypes
import Logging
import NIOHTTP1
import NIOPosix
import Raft
import RaftCore
import RaftStorage
import RaftTestSupport
import Testing

@testable import Coordinator

@Suite("The description of the API")
struct OpenAPITests {
    @Test("has every route there is, and no other")
    func complete() async throws {
        let directory = try TemporaryDirectory()
        let configuration = CoordinatorConfiguration(
            bind: "127.0.0.1",
            port: 0,
            apiKey: nil,
            origin: .genesis(try Genesis(peers: [PeerAddress("sole-member:1")]), member: NodeID(1)),
            isClustered: false,
            dataDirectory: directory.path,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let security = try CoordinatorSecurity(configuration)
        let (plane, _) = try await CoordinatorServer.start(configuration, security, on: loop)
        let served = Routes(plane: plane).table().paths.all
        await plane.node.shutdown()
        try await plane.workers.client.shutdown()
        var described: [String: Set<HTTPRequest.Method>] = [:]
        for operation in OpenAPIDocument.operations {
            #expect(described[operation.path, default: []].insert(operation.method).inserted)
        }
        #expect(Set(served.keys) == Set(described.keys))
        for (path, methods) in served { #expect(described[path] == methods, "\(path)") }
    }

    @Test("refers to nothing that it does not have, and has nothing that it does not refer to")
    func references() throws {
        let document = try #require(OpenAPIDocument.json.object)
        let components = try #require(document["components"]?.object)
        var wanted: Set<String> = []
        OpenAPIDocument.json.collectReferences(into: &wanted)
        var defined: Set<String> = []
        for kind in ["parameters", "responses", "schemas"] {
            for name in try #require(components[kind]?.object).keys { defined.insert("#/components/\(kind)/\(name)") }
        }
        #expect(wanted == defined)
    }

    @Test("is told to everybody")
    func served() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let answer = try await coordinator.get("/openapi.json", key: nil)
            #expect(answer.status == 200)
            #expect(answer.headers.first(name: "content-type") == "application/json")
            #expect(try JSONValue(parsing: answer.body.utf8) == OpenAPIDocument.json)
        }
    }
}

extension JSONValue {
    fileprivate var object: [String: JSONValue]? {
        if case .object(let members) = self { members } else { nil }
    }

    fileprivate func collectReferences(into found: inout Set<String>) {
        switch self {
        case .object(let members):
            if case .string(let target) = members["$ref"] { found.insert(target) }
            for member in members.values { member.collectReferences(into: &found) }
        case .array(let items): for item in items { item.collectReferences(into: &found) }
        case .null, .bool, .integer, .double, .string: break
        }
    }
}
