public import Logging
public import NIOCore
public import NIOSSL
import Synchronization

/// What this process shows and whom it trusts, as its files say. `reload` takes newer files for connections to come;
/// those that are open stay as they are.
public final class TLSCredentials: Sendable {
    private struct Loaded: Sendable {
        var server: NIOSSLContext?
        var client: TLSConfiguration
        var clientContext: NIOSSLContext
    }

    private let files: TLSFiles
    private let counters: RefusalCounters
    private let logger: Logger
    private let loaded: Mutex<Loaded>
    private let failures = LoggedCauses()

    /// Throws a sentence if a file is missing, is broken, or does not go with the others.
    public init(_ files: TLSFiles, counters: RefusalCounters, logger: Logger) throws(FileError) {
        try files.validate()
        self.files = files
        self.counters = counters
        self.logger = logger
        self.loaded = Mutex(try Self.load(files))
    }

    /// Whether the server speaks TLS.
    public var isServing: Bool { self.files.certificate != nil }
    /// Whether a client's certificate can be told from a stranger's.
    public var knowsClients: Bool { self.files.authority != nil }

    /// Reads the files again. One that is broken changes nothing, and is told.
    public func reload() {
        do throws(FileError) {
            let loaded = try Self.load(self.files)
            self.loaded.withLock { $0 = loaded }
            self.logger.notice("certificates were read again")
        } catch {
            self.logger.error(
                "certificates were not read again, those before stay in use",
                metadata: ["reason": "\(error)"]
            )
        }
    }

    /// For HTTP clients, request by request.
    public var clientConfiguration: TLSConfiguration { self.loaded.withLock { $0.client } }

    /// For a connection that was accepted; nil if the server has no TLS.
    func serverHandlers() -> [any ChannelHandler]? {
        guard let context = self.loaded.withLock({ $0.server }) else { return nil }
        return [NIOSSLServerHandler(context: context), self.watch("client")]
    }

    /// For a connection that was dialed. `host`: a name, or nil where an address was dialed, which the certificate must
    /// have then.
    public func clientHandlers(host: String?) throws -> [any ChannelHandler] {
        let context = self.loaded.withLock { $0.clientContext }
        return [try NIOSSLClientHandler(context: context, serverHostname: host), self.watch("server")]
    }

    /// Whether the other end of a connection has shown a certificate, which was found good then. On the channel's event
    /// loop.
    public static func hasPeerCertificate(_ channel: any Channel) -> Bool {
        let pipeline = channel.pipeline.syncOperations
        return (try? pipeline.nioSSL_peerCertificate()) != nil  // throws where there is no TLS
    }

    private func watch(_ peer: String) -> TLSHandshakeWatch {
        TLSHandshakeWatch { cause, address in
            self.counters.count(.tlsHandshake)
            guard self.failures.isNew(cause) else { return }
            self.logger.warning(
                "TLS handshake failed",
                metadata: ["reason": "\(cause)", "with": "\(peer)", "address": "\(address.map { "\($0)" } ?? "unknown")"]
            )
        }
    }

    // MARK: Files

    private static func load(_ files: TLSFiles) throws(FileError) -> Loaded {
        let trusted = try files.authority.map { path throws(FileError) in try self.certificates(path) }
        var client = TLSConfiguration.makeClientConfiguration()
        client.minimumTLSVersion = .tlsv12
        if let trusted { client.trustRoots = .certificates(trusted) }
        if let certificate = files.clientCertificate, let key = files.clientKey {
            client.certificateChain = try self.certificates(certificate).map { .certificate($0) }
            client.privateKey = .privateKey(try self.key(key))
        }
        var loaded = Loaded(
            server: nil,
            client: client,
            clientContext: try self.context(client, files.clientCertificate, files.clientKey)
        )
        guard let certificate = files.certificate, let key = files.key else { return loaded }
        var server = TLSConfiguration.makeServerConfiguration(
            certificateChain: try self.certificates(certificate).map { .certificate($0) },
            privateKey: .privateKey(try self.key(key))
        )
        server.minimumTLSVersion = .tlsv12
        server.applicationProtocols = ["http/1.1"]
        if let trusted {
            server.trustRoots = .certificates(trusted)
            server.certificateVerification =
                files.requiresClientCertificate ? .noHostnameVerification : .optionalVerification
        }
        loaded.server = try self.context(server, certificate, key)
        return loaded
    }

    private static func certificates(_ path: String) throws(FileError) -> [NIOSSLCertificate] {
        let bytes = try SmallFile.read(path)
        do {
            let certificates = try NIOSSLCertificate.fromPEMBytes(bytes)
            if !certificates.isEmpty { return certificates }
        } catch {}  // the library's own words tell nothing of the file
        throw FileError("\(path) has no certificate in PEM form in it.")
    }

    private static func key(_ path: String) throws(FileError) -> NIOSSLPrivateKey {
        let bytes = try SmallFile.read(path)
        do { return try NIOSSLPrivateKey(bytes: bytes, format: .pem) } catch {
            throw FileError("\(path) has no private key in PEM form, without a passphrase, in it.")
        }
    }

    private static func context(
        _ configuration: TLSConfiguration,
        _ certificate: String?,
        _ key: String?
    ) throws(FileError) -> NIOSSLContext {
        do { return try NIOSSLContext(configuration: configuration) } catch {
            guard let certificate, let key else {
                throw FileError("The trusted certificates cannot be used: \(TLSFailure.cause(of: error)).")
            }
            throw FileError("The key in \(key) is not that of the certificate in \(certificate).")
        }
    }
}
