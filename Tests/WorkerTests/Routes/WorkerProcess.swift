import AsyncHTTPClient
import ClusterAPI
import Foundation
import NIOCore
import NIOHTTP1
import Testing
import Threads

@testable import Worker

/// A worker as a process of its own, which can be killed.
final class WorkerProcess: Sendable {
    private let process: Process
    private let folder: URL
    private let port: Int

    struct DoesNotStart: Error { let log: String }

    init() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "worker-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        self.folder = folder
        let log = folder.appending(path: "log")
        try Data().write(to: log)
        let process = Process()
        // The command stands beside the bundle of the tests.
        process.executableURL = URL(filePath: CommandLine.arguments[0])
            .deletingLastPathComponent().appending(path: "varpulis-worker")
        process.arguments = ["--port", "0", "--workdir", folder.path]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        self.process = process
        func text() -> String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            if let match = text().firstMatch(of: /port=(\d+)/), let port = Int(match.1) {
                self.port = port
                return
            }
            guard process.isRunning, .now < deadline else {
                process.terminate()
                throw DoesNotStart(log: text())
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    deinit {
        self.kill()
        try? FileManager.default.removeItem(at: self.folder)  // what is left behind harms nothing
    }

    /// Ends it with no word to anyone.
    func kill() {
        Glibc.kill(self.process.processIdentifier, SIGKILL)
        self.process.waitUntilExit()
    }

    /// Deploys what must run.
    func deploy(_ body: DeployPipelineRequest) async throws {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(self.port)/api/v1/pipelines")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: try APIJSON.encode(body)))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let bytes = try await response.body.collect(upTo: 1 << 20)
        let answer: DeployPipelineResponse = try APIJSON.decode(from: bytes.readableBytesView)
        #expect(answer.status == .running)
    }
}
