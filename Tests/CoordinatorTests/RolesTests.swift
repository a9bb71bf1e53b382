import ClusterAPI
import Foundation
import Logging
import NIOHTTP1
import RaftTestSupport
import Security
import Testing

@testable import Coordinator

@Suite("Roles, and the keys of a file")
struct RolesTests {
    private static let prefix = TestCoordinator.prefix

    private static let keys = """
        {"keys": [{"key": "see", "role": "ReadOnly", "name": "board"}, {"key": "do", "role": "deploy"},
          {"key": "own", "role": "root"}]}
        """

    private static func file(_ text: String) throws -> (directory: TemporaryDirectory, path: String) {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/keys.json"
        try Data(text.utf8).write(to: URL(filePath: path))
        return (directory, path)
    }

    /// A request for each least role.
    private static let requests: [(Role, HTTPMethod, String)] = [
        (.viewer, .GET, "workers"), (.viewer, .GET, "connectors"), (.viewer, .GET, "connectors/c"),
        (.viewer, .GET, "topology"), (.viewer, .GET, "raft/members"), (.viewer, .POST, "validate"),
        (.operator, .POST, "workers/register"), (.operator, .POST, "workers/w/heartbeat"),
        (.operator, .POST, "pipeline-groups"), (.operator, .POST, "connectors"), (.operator, .PUT, "connectors/c"),
        (.operator, .POST, "pipeline-groups/g/inject"), (.admin, .DELETE, "connectors/c"),
        (.admin, .DELETE, "workers/w"), (.admin, .DELETE, "pipeline-groups/g"), (.admin, .POST, "keys"),
        (.admin, .GET, "keys"), (.admin, .DELETE, "keys/k"), (.admin, .POST, "raft/transfer"),
    ]

    @Test("each role may do what the ones before it may; too weak a key answers 403, an unknown one 401, both counted")
    func matrix() async throws {
        let (directory, path) = try Self.file(Self.keys)
        try await TestCoordinator.run(adjust: { $0.keyFile = path }) { (coordinator) async throws in
            var refused = 0
            for (least, method, path) in Self.requests {
                let body = method == .GET ? nil : "{}"
                for (key, role) in [
                    ("see", Role.viewer), ("do", .operator), ("own", .admin), (TestCoordinator.key, .admin),
                ] {
                    let answer = try await coordinator.request(method, "\(Self.prefix)/\(path)", body, key: key)
                    if role >= least {
                        #expect(answer.status != 401 && answer.status != 403, "\(method) \(path) as \(role)")
                    } else {
                        #expect(answer.status == 403, "\(method) \(path) as \(role)")
                        #expect(answer.error?.error == "Insufficient permissions for this operation")
                        refused += 1
                    }
                }
                #expect(try await coordinator.request(method, "\(Self.prefix)/\(path)", body, key: "se").status == 401)
            }
            let page = try await coordinator.get("/metrics", key: nil).body
            #expect(page.contains("varpulis_cluster_rejected_requests_total{cause=\"forbidden\"} \(refused)\n"))
            #expect(
                page.contains(
                    "varpulis_cluster_rejected_requests_total{cause=\"unauthorized\"} \(Self.requests.count)\n"
                )
            )
        }
        withExtendedLifetime(directory) {}
    }

    @Test("a request that a follower passes on has the role of its own key")
    func followers() async throws {
        let (directory, path) = try Self.file(Self.keys)
        try await TestCoordinatorCluster.run(adjust: { $0.keyFile = path }) { (cluster) async throws in
            for coordinator in cluster.running.values {
                for (method, target) in [(HTTPMethod.POST, "pipeline-groups"), (.POST, "connectors"), (.POST, "keys")] {
                    let path = "\(Self.prefix)/\(target)"
                    #expect(try await coordinator.request(method, path, "{}", key: "see").status == 403)
                    #expect(try await coordinator.request(method, path, "{}", key: "own").status == 400)
                }
            }
        }
        withExtendedLifetime(directory) {}
    }

    @Test("without another key, the file's first admin key is the cluster's")
    func fileAlone() async throws {
        let (directory, path) = try Self.file(Self.keys)
        try await TestCoordinator.run(apiKey: nil, adjust: { $0.keyFile = path }) { (coordinator) async throws in
            #expect(try await coordinator.get("\(Self.prefix)/workers", key: nil).status == 401)
            #expect(try await coordinator.get("\(Self.prefix)/workers", key: "see").status == 200)
            let connector = #"{"name":"c","connector_type":"mqtt","params":{"host":"h","password":"p"}}"#
            #expect(
                try await coordinator.request(.POST, "\(Self.prefix)/connectors", connector, key: "own").status == 201
            )
        }
        withExtendedLifetime(directory) {}
    }

    static let broken: [(String, String)] = [
        ("", "is no file of keys"), ("{}", "is no file of keys: missing field `keys`."),
        (#"{"keys":[]}"#, "has no keys in it."),
        (
            #"{"keys":[{"key":"k","role":"owner"}]}"#,
            "key 1 has the role \"owner\"; known are viewer, operator and admin."
        ),
        (#"{"keys":[{"key":"","role":"admin"}]}"#, "key 1 is empty"),
        (#"{"keys":[{"key":"a b","role":"admin"}]}"#, "key 1 is empty, or is not printable"),
        (#"{"keys":[{"key":"k","role":"admin"},{"key":"k","role":"viewer"}]}"#, "key 2 is in it twice."),
        (#"{"keys":[{"key":"k","role":"viewer"}]}"#, "has no key of the role admin"),
    ]

    @Test("a file of keys that can't be meant is refused with a sentence", arguments: broken)
    func brokenFiles(text: String, sentence: String) throws {
        let (directory, path) = try Self.file(text)
        let error = try #require(throws: FileError.self) { try KeyRing(clusterKey: nil, file: path) }
        #expect(error.description.hasPrefix(path))
        #expect(error.description.contains(sentence))
        withExtendedLifetime(directory) {}
    }

    @Test(
        "keys are read again: new ones hold, old ones don't, the cluster's own always does; a broken file changes nothing"
    )
    func reloading() async throws {
        let (directory, path) = try Self.file(Self.keys)
        let ring = try KeyRing(clusterKey: "cluster", file: path)
        let memory = KeyMemory(ring)
        func role(_ key: String) -> Role? { memory.caller(showing: Array(key.utf8))?.role }
        #expect(role("see") == .viewer)
        try Data("broken".utf8).write(to: URL(filePath: path))
        ring.reload(.init(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(role("see") == .viewer)
        try Data(#"{"keys":[{"key":"new","role":"operator"}]}"#.utf8).write(to: URL(filePath: path))
        ring.reload(.init(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(role("see") == nil)
        #expect(role("new") == .operator)
        #expect(role("cluster") == .admin)
        #expect(role("clust") == nil)
        withExtendedLifetime(directory) {}
    }
}
