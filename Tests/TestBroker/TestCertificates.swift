public import Foundation

/// An authority and what it vouches for, made by the `openssl` command, as PEM files in a folder of their own.
public final class TestCertificates: Sendable {
    public let folder: URL

    public struct CannotMake: Error {
        public let output: String
    }

    /// Makes `authority.pem`.
    public init() throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "certificates-\(UUID())")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        try self.openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority"
                + " -keyout authority.key -out authority.pem"
        )
    }

    deinit {
        try? FileManager.default.removeItem(at: self.folder)
    }

    public func path(_ name: String) -> String { self.folder.appending(path: name).path }

    /// Makes `NAME.pem` and `NAME.key`, good for these names (as in `DNS:localhost`) and this many days.
    public func issue(_ name: String, for names: String, days: Int = 1) throws {
        try "subjectAltName=\(names)".write(
            to: self.folder.appending(path: "\(name).ext"),
            atomically: true,
            encoding: .utf8
        )
        try self.openssl(
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=\(name)"
                + " -keyout \(name).key -out \(name).csr"
        )
        try self.openssl(
            "x509 -req -in \(name).csr -CA authority.pem -CAkey authority.key -CAcreateserial -days \(days)"
                + " -extfile \(name).ext -out \(name).pem"
        )
    }

    private func openssl(_ arguments: String) throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = self.folder
        process.standardError = output
        process.standardOutput = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw CannotMake(output: String(decoding: text, as: UTF8.self))
        }
    }
}
