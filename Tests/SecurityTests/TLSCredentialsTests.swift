import Foundation
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestAuthority
import Testing

@testable import Security

@Suite("Certificates")
struct TLSCredentialsTests {
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func load(_ change: (inout TLSFiles) -> Void) throws(FileError) -> TLSCredentials {
        var files = TLSFiles()
        change(&files)
        return try TLSCredentials(files, counters: RefusalCounters(), logger: self.quiet)
    }

    private static func sentence(_ change: (inout TLSFiles) -> Void) -> String? {
        do throws(FileError) {
            _ = try self.load(change)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("files that are missing, broken or do not go together are refused with a sentence")
    func broken() throws {
        let authority = try TestAuthority()
        let (one, other) = (try authority.issue("one"), try authority.issue("other"))
        let junk = "\(authority.folder)/junk"
        try Data("junk".utf8).write(to: URL(filePath: junk))
        func server(_ certificate: String?, _ key: String?, _ trusted: String? = nil) -> String? {
            Self.sentence {
                $0.certificate = certificate
                $0.key = key
                $0.authority = trusted
            }
        }
        #expect(server(one.certificate, one.key, authority.certificate) == nil)
        #expect(server(one.certificate, nil) == "--tls-cert and --tls-key go together.")
        #expect(server(nil, one.key) == "--tls-cert and --tls-key go together.")
        #expect(server("/nowhere", one.key) == "/nowhere cannot be read: No such file or directory.")
        #expect(server(junk, one.key) == "\(junk) has no certificate in PEM form in it.")
        #expect(server(one.key, one.key) == "\(one.key) has no certificate in PEM form in it.")
        #expect(
            server(one.certificate, junk) == "\(junk) has no private key in PEM form, without a passphrase, in it."
        )
        #expect(
            server(one.certificate, other.key)
                == "The key in \(other.key) is not that of the certificate in \(one.certificate)."
        )
        #expect(server(one.certificate, one.key, junk) == "\(junk) has no certificate in PEM form in it.")
        #expect(
            Self.sentence { $0.clientCertificate = one.certificate }
                == "--tls-client-cert and --tls-client-key go together."
        )
        #expect(
            Self.sentence { $0.requiresClientCertificate = true }?.hasPrefix("--tls-require-client-cert needs") == true
        )
    }

    /// What a server and a client made of each other.
    private struct Meeting {
        var isServerDone = false
        var isClientDone = false
        var serverFailures = 0
        var hasClientCertificate = false
    }

    /// Two handshakes' worth of handlers on a connection of loopback.
    private static func meet(
        server: TLSCredentials,
        client: TLSCredentials,
        host: String? = nil,
        counters: RefusalCounters
    ) async throws -> Meeting {
        let served = Mutex<Bool?>(nil)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(server.serverHandlers() ?? [])
                    try channel.pipeline.syncOperations.addHandler(
                        Echo { served.withLock { $0 = TLSCredentials.hasPeerCertificate(channel) } }
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let answer = Mutex<String?>(nil)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(client.clientHandlers(host: host))
                    try channel.pipeline.syncOperations.addHandler(Listener { text in answer.withLock { $0 = text } })
                }
            }
            .connect(host: "127.0.0.1", port: listener.localAddress?.port ?? 0).get()
        channel.writeAndFlush(ByteBuffer(string: "hello"), promise: nil)
        let end = ContinuousClock.now + .seconds(10)
        while answer.withLock({ $0 }) == nil, channel.isActive, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(5))
        }
        channel.close(promise: nil)
        try await listener.close()
        return Meeting(
            isServerDone: served.withLock { $0 } != nil,
            isClientDone: answer.withLock { $0 } == "hello",
            serverFailures: counters[.tlsHandshake],
            hasClientCertificate: served.withLock { $0 } == true
        )
    }

    private final class Echo: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let heard: () -> Void
        init(_ heard: @escaping () -> Void) { self.heard = heard }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.heard()
            context.writeAndFlush(data, promise: nil)
        }
        func errorCaught(context: ChannelHandlerContext, error: any Error) {}
    }

    private final class Listener: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let heard: (String) -> Void
        init(_ heard: @escaping (String) -> Void) { self.heard = heard }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.heard(String(buffer: Self.unwrapInboundIn(data)))
        }
        func errorCaught(context: ChannelHandlerContext, error: any Error) {}
    }

    enum Shown: CaseIterable { case nothing, good, foreign, expired }

    @Test(
        "a client's certificate must be good if it shows one, and it must show one if the server says so",
        arguments: Shown.allCases,
        [false, true]
    )
    func clients(shown: Shown, isRequired: Bool) async throws {
        let (authority, stranger) = (try TestAuthority(), try TestAuthority())
        let own = try authority.issue("server")
        let identity: TestAuthority.Identity? =
            switch shown {
            case .nothing: nil
            case .good: try authority.issue("client")
            case .foreign: try stranger.issue("client")
            case .expired: try authority.issue("client", days: -1)
            }
        let counters = RefusalCounters()
        var files = TLSFiles()
        (files.certificate, files.key, files.authority) = (own.certificate, own.key, authority.certificate)
        files.requiresClientCertificate = isRequired
        let server = try TLSCredentials(files, counters: counters, logger: Self.quiet)
        let client = try Self.load {
            $0.authority = authority.certificate
            ($0.clientCertificate, $0.clientKey) = (identity?.certificate, identity?.key)
        }
        let meeting = try await Self.meet(server: server, client: client, counters: counters)
        let isWelcome = shown == .good || (shown == .nothing && !isRequired)
        #expect(meeting.isServerDone == isWelcome)
        #expect(meeting.isClientDone == isWelcome)
        #expect(meeting.serverFailures == (isWelcome ? 0 : 1))
        #expect(meeting.hasClientCertificate == (shown == .good))
    }

    @Test("a client talks to a server whose certificate is good, and has its name or address in it")
    func servers() async throws {
        let (authority, stranger) = (try TestAuthority(), try TestAuthority())
        let client = try Self.load { $0.authority = authority.certificate }
        let cases: [(TestAuthority.Identity, host: String?, isGood: Bool)] = [
            (try authority.issue("a"), nil, true), (try authority.issue("b"), "localhost", true),
            (try authority.issue("c", for: "localhost"), "elsewhere", false), (try stranger.issue("d"), nil, false),
            (try authority.issue("e", days: -1), nil, false), (try authority.issue("f", for: "localhost"), nil, false),
        ]
        for (identity, host, isGood) in cases {
            let counters = RefusalCounters()
            var files = TLSFiles()
            (files.certificate, files.key) = (identity.certificate, identity.key)
            let server = try TLSCredentials(files, counters: counters, logger: Self.quiet)
            let meeting = try await Self.meet(server: server, client: client, host: host, counters: counters)
            #expect(meeting.isClientDone == isGood, "\(identity.certificate)")
        }
    }

    @Test("newer files are used for new connections, and broken ones change nothing")
    func reloading() async throws {
        let (first, second) = (try TestAuthority(), try TestAuthority())
        let own = try first.issue("server")
        let counters = RefusalCounters()
        var files = TLSFiles()
        (files.certificate, files.key) = (own.certificate, own.key)
        let server = try TLSCredentials(files, counters: counters, logger: Self.quiet)
        let (old, new) = (
            try Self.load { $0.authority = first.certificate }, try Self.load { $0.authority = second.certificate }
        )
        func isTrusted(by client: TLSCredentials) async throws -> Bool {
            try await Self.meet(server: server, client: client, counters: counters).isClientDone
        }
        #expect(try await isTrusted(by: old))
        let other = try second.issue("server")
        try Data(contentsOf: URL(filePath: other.certificate)).write(to: URL(filePath: own.certificate))
        server.reload()  // the certificate is the new one, the key still the old one
        #expect(try await isTrusted(by: old))
        try Data(contentsOf: URL(filePath: other.key)).write(to: URL(filePath: own.key))
        server.reload()
        #expect(try await isTrusted(by: new))
        #expect(try await !isTrusted(by: old))
    }

    @Test(
        "whoever does not go on with a handshake, or does not speak TLS, is closed and counted",
        arguments: [true, false]
    )
    func silence(isSilent: Bool) async throws {
        let counters = RefusalCounters()
        let authority = try TestAuthority()
        let own = try authority.issue("server")
        var files = TLSFiles()
        (files.certificate, files.key) = (own.certificate, own.key)
        let server = try TLSCredentials(
            files,
            counters: counters,
            logger: Self.quiet,
            handshakePatience: .milliseconds(isSilent ? 200 : 600_000)
        )
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(server.serverHandlers() ?? [])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: listener.localAddress?.port ?? 0).get()
        if !isSilent { try await channel.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\nhost: h\r\n\r\n")) }
        try await channel.closeFuture.get()
        #expect(counters[.tlsHandshake] == 1)
        try await listener.close()
    }
}
