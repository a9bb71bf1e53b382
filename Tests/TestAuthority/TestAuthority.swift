import Foundation

/// A certificate authority in a temporary folder, made with the `openssl` command.
public final class TestAuthority: Sendable {
    /// A certificate with its key, as files.
    public struct Identity: Sendable {
        public let certificate: String
        public let key: String
    }

    public let folder: String
    /// The authority's own certificate.
    public var certificate: String { "\(self.folder)/ca.pem" }

    public init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "authority-\(UUID())")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        self.folder = url.path
        try self.openssl(
            ["req", "-x509"] + Self.newKey
                + ["-days", "2", "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem"]
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: self.folder) }  // nobody is left to tell of a failure

    /// A certificate for `127.0.0.1` and `localhost`, or for another name alone. Negative days give one that has expired.
    public func issue(_ name: String, for host: String? = nil, days: Int = 2) throws -> Identity {
        let hosts = host.map { "DNS:\($0)" } ?? "IP:127.0.0.1,DNS:localhost"
        try self.openssl(
            ["req"] + Self.newKey
                + ["-subj", "/CN=\(name)", "-addext", "subjectAltName=\(hosts)", "-keyout", "\(name).key"]
                + ["-out", "\(name).csr"]
        )
        try self.openssl([
            "x509", "-req", "-in", "\(name).csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "\(days)", "-copy_extensions", "copyall", "-out", "\(name).pem",
        ])
        return Identity(certificate: "\(self.folder)/\(name).pem", key: "\(self.folder)/\(name).key")
    }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = URL(filePath: self.folder)
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        struct Failed: Error { let arguments: [String] }
        if process.terminationStatus != 0 { throw Failed(arguments: arguments) }
    }
}
