import Foundation
import TestAuthority
import Testing

@Suite("Servers that are told to read their files again")
struct ReloadTests {
    private static let server = ["server", "--port", "0"]
    private static let coordinator = ["coordinator", "--port", "0", "--data-dir", "data"]

    /// Whether a client that trusts the authority finds the server's certificate good.
    private static func isTrusted(_ port: Int, by authority: TestAuthority) throws -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", authority.certificate,
            "-verify_return_error",
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    private static func copy(_ file: String, to place: String) throws {
        try Data(contentsOf: URL(filePath: file)).write(to: URL(filePath: place))
    }

    @Test(
        "certificates: new ones serve new connections, broken ones leave the old ones",
        arguments: [server, coordinator]
    )
    func certificates(arguments: [String]) async throws {
        let (old, new) = (try TestAuthority(), try TestAuthority())
        let (own, next) = (try old.issue("own"), try new.issue("next"))
        let command = try RunningCommand(arguments + ["--tls-cert", own.certificate, "--tls-key", own.key])
        let port = try await command.port()
        #expect(try Self.isTrusted(port, by: old))
        #expect(try !Self.isTrusted(port, by: new))
        try Self.copy(next.certificate, to: own.certificate)
        command.hangUp()
        _ = try await eventually("a complaint") { try command.errors.contains("were not read again") ? true : nil }
        #expect(try Self.isTrusted(port, by: old))
        try Self.copy(next.key, to: own.key)
        command.hangUp()
        _ = try await eventually("news") { try command.errors.contains("certificates were read again") ? true : nil }
        #expect(try Self.isTrusted(port, by: new))
        #expect(try !Self.isTrusted(port, by: old))
        #expect(command.isRunning)
        command.terminate()
        #expect(try command.end().status == 0)
    }

    @Test("keys: those of the file hold until it is read again without them")
    func keys() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // what is left behind harms nothing
        let file = folder.appending(path: "keys.json")
        let key = folder.appending(path: "key")
        try Data("cluster-key\n".utf8).write(to: key)
        try Data(#"{"keys":[{"key":"first-key","role":"admin"}]}"#.utf8).write(to: file)
        let command = try RunningCommand(Self.coordinator + ["--api-keys", file.path, "--api-key-file", key.path])
        let port = try await command.port()
        func ask(_ key: String, _ arguments: String...) throws -> Command {
            try Command(["keys"] + arguments + ["--coordinator", "http://127.0.0.1:\(port)", "--api-key", key])
        }
        _ = try await eventually("a leader") { try ask("first-key", "list").status == 0 ? true : nil }
        #expect(try ask("second-key", "list").status == 1)

        let made = try ask("cluster-key", "create", "--name", "n", "--role", "admin")
        #expect(made.status == 0)
        let drawn = made.output.trimmingCharacters(in: .newlines)
        #expect(drawn.hasPrefix("vk_"))
        #expect(!made.errors.contains(drawn))
        let id = try #require(made.errors.split(separator: " ").first).description
        let list = try ask(drawn, "list")
        #expect(list.status == 0)
        #expect(list.output.contains(id) && !list.output.contains(drawn))
        #expect(try ask(drawn, "revoke", id).status == 0)
        #expect(try ask(drawn, "list").status == 1)

        try Data(#"{"keys":[{"key":"second-key","role":"admin"}]}"#.utf8).write(to: file)
        command.hangUp()
        _ = try await eventually("news") { try command.errors.contains("the file of keys was read again") ? true : nil }
        #expect(try ask("second-key", "list").status == 0)
        #expect(try ask("first-key", "list").status == 1)
        #expect(try ask("cluster-key", "list").status == 0)
        command.terminate()
        let ended = try command.end()
        #expect(ended.status == 0)
        for secret in ["cluster-key", "first-key", "second-key", drawn] { #expect(!ended.errors.contains(secret)) }
    }

    @Test(
        "what can't be safe or can't be meant is refused with 2 and a sentence",
        arguments: [
            (server + ["--bind", "0.0.0.0"], "Without --api-key a worker listens on loopback only"),
            (coordinator + ["--bind", "0.0.0.0"], "Without --api-key a coordinator listens on loopback only"),
            (server + ["--tls-cert", "x"], "--tls-cert and --tls-key go together."),
            (coordinator + ["--tls-key", "x"], "--tls-cert and --tls-key go together."),
            (server + ["--tls-client-cert", "x"], "--tls-client-cert and --tls-client-key go together."),
            (coordinator + ["--api-key", "k", "--api-key-file", "f"], "Give --api-key or --api-key-file, not both."),
            (server + ["--api-key-file", "/nowhere"], "/nowhere cannot be read: No such file or directory."),
            (coordinator + ["--rate-limit", "2000000"], "--rate-limit is 0 (no limit) to"),
            (
                coordinator + [
                    "--raft", "--raft-node-id", "1", "--raft-peers", "https://127.0.0.1:1", "--api-key", "k",
                ],
                "is https, but this coordinator has no certificate"
            ),
            (
                coordinator + [
                    "--raft", "--raft-node-id", "1", "--raft-peers", "http://127.0.0.1:1", "--api-key", "k",
                    "--tls-cert",
                    "c", "--tls-key", "k",
                ], "is http: write https"
            ),
        ]
    )
    func refusals(arguments: [String], sentence: String) throws {
        let command = try Command(arguments)
        #expect(command.status == 2)
        #expect(command.errors.contains(sentence), "\(command.errors)")
    }

    @Test(
        "files that are broken end a server at its start, with a sentence",
        arguments: [
            (server + ["--tls-cert", "/nowhere", "--tls-key", "/nowhere"], "/nowhere cannot be read"),
            (coordinator + ["--tls-cert", "/nowhere", "--tls-key", "/nowhere"], "/nowhere cannot be read"),
            (coordinator + ["--api-key", "k", "--api-keys", "/nowhere"], "/nowhere cannot be read"),
        ]
    )
    func brokenFiles(arguments: [String], sentence: String) throws {
        let command = try Command(arguments)
        #expect(command.status == 78)
        #expect(command.errors.contains("Error: \(sentence)"), "\(command.errors)")
    }
}
