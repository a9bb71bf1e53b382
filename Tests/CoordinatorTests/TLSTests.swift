import AsyncHTTPClient
import ClusterAPI
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import RaftCore
import RaftStorage
import RaftTestSupport
import Security
import TestAuthority
import Testing

@testable import Coordinator

/// A client with certificates, or without.
private struct SecureClient: Sendable {
    let credentials: TLSCredentials

    init(trusting authority: TestAuthority, showing identity: TestAuthority.Identity? = nil) throws {
        var files = TLSFiles()
        files.authority = authority.certificate
        (files.clientCertificate, files.clientKey) = (identity?.certificate, identity?.key)
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        self.credentials = try TLSCredentials(files, counters: RefusalCounters(), logger: quiet)
    }

    /// The status; nil if no answer came.
    func status(_ path: String, at port: Int, key: String? = TestCoordinator.key) async -> UInt? {
        var request = HTTPClientRequest(url: "https://127.0.0.1:\(port)\(path)")
        request.tlsConfiguration = self.credentials.clientConfiguration
        if let key { request.headers.add(name: "x-api-key", value: key) }
        let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(10))  // nil is what is asked
        _ = try? await response?.body.collect(upTo: 1 << 20)  // only the status counts
        return response?.status.code
    }
}

extension CoordinatorConfiguration {
    fileprivate mutating func show(_ identity: TestAuthority.Identity, trusting authority: TestAuthority) {
        (self.tls.certificate, self.tls.key) = (identity.certificate, identity.key)
        (self.tls.clientCertificate, self.tls.clientKey) = (identity.certificate, identity.key)
        self.tls.authority = authority.certificate
    }
}

@Suite("TLS on the one port")
struct TLSTests {
    private static let workers = "\(TestCoordinator.prefix)/workers"

    /// Starts a coordinator that speaks TLS; `TestCoordinator.run` would ask it in the clear.
    private static func run(
        _ authority: TestAuthority,
        adjust: (inout CoordinatorConfiguration) -> Void = { _ in },
        _ body: (TestCoordinator) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        var configuration = CoordinatorConfiguration(
            bind: "127.0.0.1",
            port: 0,
            apiKey: TestCoordinator.key,
            origin: .genesis(try Genesis(peers: [PeerAddress("sole-member:1")]), member: NodeID(1)),
            isClustered: false,
            dataDirectory: directory.path,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        configuration.show(try authority.issue("node"), trusting: authority)
        adjust(&configuration)
        let coordinator = try await TestCoordinator.start(configuration, in: directory)
        let result: Result<Void, any Error>
        do {
            try await body(coordinator)
            result = .success(())
        } catch { result = .failure(error) }
        await coordinator.stop()
        try result.get()
    }

    @Test("clients get in with a key, with or without a certificate of the authority; others' certificates are refused")
    func clients() async throws {
        let (authority, stranger) = (try TestAuthority(), try TestAuthority())
        try await Self.run(authority) { (coordinator) async throws in
            let bare = try SecureClient(trusting: authority)
            let known = try SecureClient(trusting: authority, showing: try authority.issue("client"))
            let foreign = try SecureClient(trusting: authority, showing: try stranger.issue("client"))
            let expired = try SecureClient(trusting: authority, showing: try authority.issue("old", days: -1))
            #expect(await eventually { await bare.status("/ready", at: coordinator.port) == 200 })
            #expect(await bare.status(Self.workers, at: coordinator.port) == 200)
            #expect(await bare.status(Self.workers, at: coordinator.port, key: "wrong") == 401)
            #expect(await known.status(Self.workers, at: coordinator.port) == 200)
            #expect(await foreign.status(Self.workers, at: coordinator.port) == nil)
            #expect(await expired.status(Self.workers, at: coordinator.port) == nil)
            #expect(await (try SecureClient(trusting: stranger)).status(Self.workers, at: coordinator.port) == nil)
            // Plain HTTP finds nobody either, and harms nobody.
            let plain = try await RawConnection(to: coordinator.port)
            try await plain.send("GET /health HTTP/1.1\r\nhost: h\r\n\r\n")
            #expect(await eventually { !plain.isOpen })
            #expect(!plain.received.contains("200 OK"))
            #expect(await bare.status(Self.workers, at: coordinator.port) == 200)
        }
    }

    @Test("where every client must show a certificate, none gets in without")
    func required() async throws {
        let authority = try TestAuthority()
        try await Self.run(authority, adjust: { $0.tls.requiresClientCertificate = true }) {
            (coordinator) async throws in
            let known = try SecureClient(trusting: authority, showing: try authority.issue("client"))
            #expect(await eventually { await known.status("/ready", at: coordinator.port) == 200 })
            #expect(await (try SecureClient(trusting: authority)).status("/health", at: coordinator.port) == nil)
        }
    }

    @Test("slow requests are answered 408 under TLS too")
    func slow() async throws {
        let authority = try TestAuthority()
        try await Self.run(authority, adjust: { $0.requestLimits.bodyTime = .milliseconds(300) }) {
            (coordinator) async throws in
            let client = try SecureClient(trusting: authority)
            #expect(await eventually { await client.status("/ready", at: coordinator.port) == 200 })
            var request = HTTPClientRequest(
                url: "https://127.0.0.1:\(coordinator.port)\(TestCoordinator.prefix)/connectors"
            )
            request.tlsConfiguration = client.credentials.clientConfiguration
            request.method = .POST
            request.headers.add(name: "x-api-key", value: TestCoordinator.key)
            let (stream, continuation) = AsyncStream<ByteBuffer>.makeStream()
            continuation.yield(ByteBuffer(string: "{"))
            request.body = .stream(stream, length: .known(Int64(100)))
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
            #expect(response.status.code == 408)
            continuation.finish()
        }
    }

    @Test("members find each other over TLS, and lead, follow and pass requests on")
    func cluster() async throws {
        let authority = try TestAuthority()
        let node = try authority.issue("node")
        try await TestCoordinatorCluster.run(scheme: "https", adjust: { $0.show(node, trusting: authority) }) {
            (cluster) async throws in
            let client = try SecureClient(trusting: authority)
            for coordinator in cluster.running.values {
                #expect(await eventually { await client.status("/ready", at: coordinator.port) == 200 })
                #expect(await client.status("\(TestCoordinator.prefix)/raft/members", at: coordinator.port) == 200)
            }
        }
    }

    @Test("a member that has no certificate of the authority is no member", arguments: [true, false])
    func foreignMember(isExpired: Bool) async throws {
        let (authority, stranger) = (try TestAuthority(), try TestAuthority())
        let node = try authority.issue("node")
        let other = isExpired ? try authority.issue("old", days: -1) : try stranger.issue("node")
        try await TestCoordinatorCluster.run(
            scheme: "https",
            adjust: { configuration in
                configuration.show(node, trusting: authority)
                guard case .genesis(_, NodeID(3)) = configuration.origin else { return }
                (configuration.tls.clientCertificate, configuration.tls.clientKey) = (other.certificate, other.key)
                (configuration.tls.certificate, configuration.tls.key) = (other.certificate, other.key)
            }
        ) { (cluster) async throws in
            let client = try SecureClient(trusting: authority)
            let (good, bad) = (try #require(cluster.running[NodeID(1)]), try #require(cluster.running[NodeID(3)]))
            #expect(await eventually { await client.status("/ready", at: good.port) == 200 })
            let either = try SecureClient(trusting: isExpired ? authority : stranger)
            // The others get along without it, and it never hears of a leader.
            #expect(await either.status("/ready", at: bad.port) != 200)
        }
    }

    @Test("addresses that do not fit the certificate are refused with a sentence")
    func addresses() throws {
        let authority = try TestAuthority()
        let node = try authority.issue("node")
        func sentence(_ peers: [String], isSecure: Bool) throws -> String? {
            var configuration = CoordinatorConfiguration(
                bind: "127.0.0.1",
                port: 0,
                apiKey: "key",
                origin: .genesis(try Genesis(peers: peers.map { try PeerAddress($0) }), member: NodeID(1)),
                isClustered: true,
                dataDirectory: "/nowhere",
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            if isSecure { configuration.show(node, trusting: authority) }
            do throws(FileError) {
                try configuration.validateTLS()
                return nil
            } catch {
                return error.description
            }
        }
        #expect(try sentence(["https://a:1", "https://b:1"], isSecure: true) == nil)
        #expect(try sentence(["http://a:1", "b:1"], isSecure: false) == nil)
        #expect(
            try sentence(["https://a:1", "b:1"], isSecure: true)?.contains("http://b:1 is http: write https") == true
        )
        #expect(
            try sentence(["a:1", "https://b:1"], isSecure: false)?.contains("give it --tls-cert and --tls-key") == true
        )
    }
}
