public import ArgumentParser
import Foundation
public import Security

/// The certificate a server shows, and whom it trusts.
public struct TLSServerOptions: ParsableArguments {
    @Option(help: "The server's certificate, a PEM file (or VARPULIS_TLS_CERT). SIGHUP has all of these read again.")
    var tlsCert: String?
    @Option(help: "The certificate's key, a PEM file (or VARPULIS_TLS_KEY).")
    var tlsKey: String?
    @Option(help: "The certificates of the authority that is trusted, a PEM file (or VARPULIS_TLS_CA_CERT).")
    var tlsCACert: String?
    @Flag(help: "Refuse clients that show no certificate of that authority.")
    var tlsRequireClientCert = false

    public init() {}

    /// What flags and environment say, flags first.
    public var files: TLSFiles {
        let environment = ProcessInfo.processInfo.environment
        var files = TLSFiles()
        files.certificate = self.tlsCert ?? environment["VARPULIS_TLS_CERT"]
        files.key = self.tlsKey ?? environment["VARPULIS_TLS_KEY"]
        files.authority = self.tlsCACert ?? environment["VARPULIS_TLS_CA_CERT"]
        files.requiresClientCertificate = self.tlsRequireClientCert
        return files
    }
}

/// What a client shows.
public struct TLSClientOptions: ParsableArguments {
    @Option(help: "The certificate shown to coordinators, a PEM file (or VARPULIS_TLS_CLIENT_CERT).")
    var tlsClientCert: String?
    @Option(help: "That certificate's key, a PEM file (or VARPULIS_TLS_CLIENT_KEY).")
    var tlsClientKey: String?

    public init() {}

    /// Adds what flags and environment say, flags first.
    public func complete(_ files: inout TLSFiles) {
        let environment = ProcessInfo.processInfo.environment
        files.clientCertificate = self.tlsClientCert ?? environment["VARPULIS_TLS_CLIENT_CERT"]
        files.clientKey = self.tlsClientKey ?? environment["VARPULIS_TLS_CLIENT_KEY"]
    }
}
