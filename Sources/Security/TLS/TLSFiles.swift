/// The PEM files from which a process has its identity and whom it trusts.
public struct TLSFiles: Hashable, Sendable {
    /// What the server shows, with its intermediates behind it; nil for a server without TLS.
    public var certificate: String?
    public var key: String?
    /// The certificates of those whose signature is trusted: of servers that are called, and of clients that show a
    /// certificate. Nil for the system's, and then clients are asked for none.
    public var authority: String?
    /// What is shown to servers that are called.
    public var clientCertificate: String?
    public var clientKey: String?
    /// Whether a client must show a certificate.
    public var requiresClientCertificate = false

    public init() {}

    public var isEmpty: Bool { self == TLSFiles() }

    /// Refuses what can't be meant, in the words of the flags.
    public func validate() throws(FileError) {
        guard (self.certificate == nil) == (self.key == nil) else {
            throw FileError("--tls-cert and --tls-key go together.")
        }
        guard (self.clientCertificate == nil) == (self.clientKey == nil) else {
            throw FileError("--tls-client-cert and --tls-client-key go together.")
        }
        if self.requiresClientCertificate && (self.authority == nil || self.certificate == nil) {
            throw FileError(
                "--tls-require-client-cert needs --tls-cert, --tls-key and --tls-ca-cert, which tells whose "
                    + "certificates are good."
            )
        }
    }
}
