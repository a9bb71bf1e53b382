internal import COpenSSL
import Synchronization

/// What a TLS client shows and whom it trusts, for the connections to one host, whose certificate must be good for its name.
///
/// `SSL_CTX` counts its references and may be used by many threads once it is set up (SSL_CTX_new(3), CRYPTO_THREAD_run_once(3)).
public final class TLSClientContext: Sendable {
    // Sendable: never changed after `init`; what is done with it is the library's, which locks.
    private nonisolated(unsafe) let context: OpaquePointer
    /// Why a certificate was last refused, written by the library's thread of the handshake.
    private let failure = Mutex<String?>(nil)

    /// - Parameters:
    ///   - host: The name, or the IP address, that the server's certificate must have.
    ///   - authorityFile: Who may vouch for it, as PEM; nil for whom the system trusts.
    ///   - certificateFile: The certificate to show and those that vouch for it, as PEM.
    ///   - keyFile: The private key of that certificate, as PEM.
    public init(
        host: String,
        authorityFile: String? = nil,
        certificateFile: String? = nil,
        keyFile: String? = nil
    ) throws(OpenSSLError) {
        ERR_clear_error()
        guard let context = SSL_CTX_new(TLS_client_method()) else {
            throw OpenSSLError.drained(during: "make a TLS context")
        }
        self.context = context
        // From here on a throw runs `deinit`, which frees the context.
        try check(CInt(varpulis_set_min_proto_version(context, TLS1_2_VERSION)), "ask for TLS 1.2")
        if let authorityFile {
            try Self.checkFile(
                SSL_CTX_load_verify_locations(context, authorityFile, nil),
                "read certificates of authorities from \(authorityFile)"
            )
        } else {
            try check(SSL_CTX_set_default_verify_paths(context), "find the system's certificates")
        }
        try self.expect(host)
        switch (certificateFile, keyFile) {
        case (nil, nil): break
        case (let certificateFile?, let keyFile?):
            try Self.checkFile(
                SSL_CTX_use_certificate_chain_file(context, certificateFile),
                "read a certificate from \(certificateFile)"
            )
            try Self.checkFile(
                SSL_CTX_use_PrivateKey_file(context, keyFile, SSL_FILETYPE_PEM),
                "read a private key that goes with the certificate from \(keyFile)"
            )
        default:
            throw OpenSSLError(.badFile, during: "use a certificate without its key, or a key without its certificate")
        }
        SSL_CTX_set_ex_data(context, Self.place, Unmanaged.passUnretained(self).toOpaque())
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, Self.verified)
    }

    deinit {
        // Connections that outlive this keep the context, but must not reach back.
        SSL_CTX_set_ex_data(self.context, Self.place, nil)
        SSL_CTX_free(self.context)
    }

    /// For a C library that takes an `SSL_CTX` and a reference of its own. Valid as long as this object.
    package var pointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self.context) }

    /// Why the last handshake refused the server's certificate; nil when none did since this was last asked.
    public func takeFailure() -> String? {
        self.failure.withLock { $0.take() }
    }

    // MARK: - Verification

    /// An address is compared with the certificate's addresses, a name with its names.
    private func expect(_ host: String) throws(OpenSSLError) {
        guard let parameters = SSL_CTX_get0_param(self.context) else {
            throw OpenSSLError.drained(during: "set up the verification of certificates")
        }
        if X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1 { return }
        ERR_clear_error()
        X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        try check(X509_VERIFY_PARAM_set1_host(parameters, host, 0), "expect a certificate of \(host)")
    }

    /// Where a context keeps the pointer to its owner.
    private static let place = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, nil, nil, nil, nil)

    /// Called by the library for each certificate of a chain. The verdict is left as it is, and its reason noted.
    private static let verified: @convention(c) (CInt, OpaquePointer?) -> CInt = { verdict, store in
        guard verdict != 1, let store,
            let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
            let context = SSL_get_SSL_CTX(OpaquePointer(ssl)),
            let owner = SSL_CTX_get_ex_data(context, TLSClientContext.place)
        else { return verdict }
        let reason = String(cString: X509_verify_cert_error_string(Int(X509_STORE_CTX_get_error(store))))
        let box = Unmanaged<TLSClientContext>.fromOpaque(owner).takeUnretainedValue()
        box.failure.withLock { $0 = reason }
        return verdict
    }

    private static func checkFile(_ result: CInt, _ operation: String) throws(OpenSSLError) {
        guard result == 1 else { throw OpenSSLError.drained(.badFile, during: operation) }
    }
}
