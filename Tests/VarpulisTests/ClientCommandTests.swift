import Foundation
import FoundationNetworking
import Testing

@testable import varpulis

/// Commands that talk to a worker, and a worker, as people run them.
@Suite struct ClientCommandTests {
    private static let program = "stream Hot = Reading.where(value > 10).emit(value: value)\n"

    /// A worker on a port that was free.
    private static func worker() async throws -> (process: RunningCommand, url: String) {
        let process = try RunningCommand(["server", "--port", "0", "--api-key", "right"])
        for _ in 0..<600 {
            let words = try process.errors.split { $0 == " " || $0 == "\n" }
            if let port = words.first(where: { $0.hasPrefix("port=") })?.dropFirst(5) {
                return (process, "http://127.0.0.1:\(port)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        struct DoesNotStart: Error {}
        throw DoesNotStart()
    }

    @Test func `a program is deployed, listed, counted and ended`() async throws {
        let (worker, url) = try await Self.worker()
        let settings = ClientSettings(url: url, apiKey: "right", deployName: "hot").text
        let files = [".varpulis.toml": settings, "program.vpl": Self.program, "bad.vpl": "stream A = Reading.where(\n"]

        let deployed = try Command(["deploy", "-f", "program.vpl"], input: files)
        #expect(deployed.status == 0, "\(deployed.errors)")
        let lines = deployed.output.split(separator: "\n")
        #expect(lines.count == 3)
        let id = try #require(lines.first?.dropFirst("ID: ".count))
        #expect(lines[1...] == ["Name: hot", "Status: running"])
        // Flags go before the file.
        let wrong = try Command(["pipelines", "--api-key", "wrong"], input: files)
        #expect(wrong.status == 1)
        #expect(wrong.errors == "Error: Invalid or missing API key.\n")
        let listed = try Command(["pipelines"], input: files)
        #expect(listed.output == "\(id) | hot | running\n")
        let bad = try Command(["deploy", "-f", "bad.vpl", "-n", "bad"], input: files)
        #expect(bad.status == 1)
        #expect(bad.errors.contains("\n2:1: error: ") || bad.errors.contains("\n1:"), "\(bad.errors)")
        let status = try Command(["status", "--json"], input: files)
        #expect(status.output.contains(#""active_pipelines":1"#))
        let ended = try Command(["undeploy", "--pipeline-id", String(id)], input: files)
        #expect(ended.output == "Deleted \(id)\n")
        let again = try Command(["undeploy", "--pipeline-id", "../\(id)"], input: files)
        #expect(again.status == 1)
        worker.terminate()
        #expect(try worker.end().status == 0)
        let gone = try Command(["status"], input: files)
        #expect(gone.status == 69)
        #expect(gone.errors.hasPrefix("Error: no worker answers at \(url)"))
    }

    @Test func `the output of a pipeline is followed until it ends`() async throws {
        let (worker, url) = try await Self.worker()
        let files = [
            ".varpulis.toml": ClientSettings(url: url, apiKey: "right").text, "program.vpl": Self.program,
        ]
        let deployed = try Command(["deploy", "-f", "program.vpl", "--json"], input: files)
        struct Deployed: Decodable { let id: String }
        let id = try JSONDecoder().decode(Deployed.self, from: Data(deployed.output.utf8)).id
        let logs = try RunningCommand(["logs", "--pipeline-id", id], input: files)
        var request = URLRequest(url: try #require(URL(string: "\(url)/api/v1/pipelines/\(id)/events")))
        request.httpMethod = "POST"
        request.setValue("right", forHTTPHeaderField: "x-api-key")
        request.setValue("application/json", forHTTPHeaderField: "content-type")
        request.httpBody = Data(
            #"{"event_type":"Reading","timestamp":"2024-01-01T00:00:00Z","fields":{"value":30}}"#.utf8
        )
        // The command may not listen yet when the first ones come.
        for _ in 0..<600 where try logs.output.isEmpty {
            _ = try await URLSession.shared.data(for: request)
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(try logs.output.hasPrefix(#"[2024-01-01T00:00:00+00:00] Hot {"value":30}"# + "\n"))
        _ = try Command(["undeploy", "--pipeline-id", id], input: files)
        #expect(try logs.end().status == 0)
        worker.terminate()
        #expect(try worker.end().status == 0)
    }

    @Test func `settings are those of the nearest file, and a file is written once`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        let below = folder.appending(path: "a/b")
        try FileManager.default.createDirectory(at: below, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // what is left behind harms nothing
        let written = ClientSettings(url: "http://h:1", apiKey: #"a"b\c"#, deployName: "n")
        try Data(written.text.utf8).write(to: folder.appending(path: ".varpulis.toml"))
        #expect(try ClientSettings.nearest(to: below.path) == written)
        try Data("# nothing\n[other]\nurl = 1\n".utf8).write(to: below.appending(path: ".varpulis.toml"))
        #expect(try ClientSettings.nearest(to: below.path) == ClientSettings())

        let first = try Command(["init", "--server", "http://h:1", "--api-key", "k"])
        #expect(first.status == 0)
        let second = try Command(["init"], input: [".varpulis.toml": ""])
        #expect(second.status == 1)
        #expect(second.errors.contains("is here already"))
        let nobody = try Command(["status"])
        #expect(nobody.status == 1)
        #expect(nobody.errors.contains("no worker named"))
    }

    @Test(arguments: ["[remote]\nurl", "[remote]\nurl = x", "[remote]\nurl = \"x", "[remote]\nurl = \"x\" y"])
    func `a file that cannot be understood is refused with its line`(text: String) {
        #expect { try ClientSettings(text, file: "f") } throws: { "\($0)".hasPrefix("f:2: expected") }
    }
}
