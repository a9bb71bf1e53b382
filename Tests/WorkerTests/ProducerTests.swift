import AsyncHTTPClient
import ClusterAPI
import Foundation
import Glibc
import NIOCore
import NIOHTTP1
import Testing

@testable import Worker

/// Producers that talk straight to the worker.
@Suite struct ProducerTests {
    private static let line = #"{"event_type":"Reading","fields":{"value":11}}"# + "\n"

    /// Sends lines in chunks, without saying how many there will be.
    private static func send(
        _ chunks: some Sequence<ByteBuffer> & Sendable,
        to id: String,
        at worker: TestWorker,
        query: String = ""
    ) async throws -> (status: UInt, body: String) {
        var request = HTTPClientRequest(
            url: "http://127.0.0.1:\(worker.port)/api/v1/pipelines/\(id)/events-batch\(query)"
        )
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-ndjson")
        request.body = .stream(AsyncStream(chunks), length: .unknown)
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
        return (response.status.code, String(buffer: try await response.body.collect(upTo: 32 << 20)))
    }

    @Test func `a text longer than any bound goes through in pieces, and nothing is lost`() async throws {
        let worker = try await TestWorker()
        let id = try await worker.running(DeployPipelineRequest(name: "hot", source: Programs.filter))
        // 20 MB in chunks that end in the middle of lines.
        let lines = 400_000
        let text = ByteBuffer(string: String(repeating: Self.line, count: lines))
        let chunks = stride(from: 0, to: text.readableBytes, by: 100_000).map { start in
            text.getSlice(at: start, length: min(100_000, text.readableBytes - start)) ?? ByteBuffer()
        }
        let answer = try await Self.send(chunks, to: id, at: worker)
        #expect(answer.status == 200)
        #expect(answer.body.hasPrefix(#"{"accepted":\#(lines),"rejected":0,"rejections":{},"output_events":[],"#))
        let metrics = try await worker.call(.get, "/api/v1/pipelines/\(id)/metrics").body
        #expect(metrics.contains(#""events_processed":\#(lines)"#))
        await worker.stop()
    }

    @Test func `many producers at once are all served`() async throws {
        let worker = try await TestWorker()
        let id = try await worker.running(DeployPipelineRequest(name: "hot", source: Programs.filter))
        let text = ByteBuffer(string: String(repeating: Self.line, count: 2_000))
        let events = (0..<2_000).map { _ in Self.line.dropLast() }.joined(separator: ",")
        let document = #"{"events":[\#(events)]}"#
        let statuses = try await withThrowingTaskGroup(of: UInt.self) { group in
            for number in 0..<32 {
                group.addTask {
                    if number % 2 == 0 { return try await Self.send([text, text], to: id, at: worker).status }
                    return try await worker.call(.post, "/api/v1/pipelines/\(id)/events-batch", document).status
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == Array(repeating: 200, count: 32))
        let metrics = try await worker.call(.get, "/api/v1/pipelines/\(id)/metrics").body
        #expect(metrics.contains(#""events_processed":\#(16 * 2_000 * 3)"#))
        await worker.stop()
    }

    @Test func `the output is in the answer where it is asked for, also of programs that run event by event`()
        async throws
    {
        let worker = try await TestWorker()
        let source = Programs.filter + "\n" + Programs.session
        let id = try await worker.running(DeployPipelineRequest(name: "hot", source: source))
        let chunk = ByteBuffer(string: Self.line)
        let quiet = try await Self.send([chunk], to: id, at: worker)
        #expect(quiet.body.contains(#""output_events":[],"#))
        let told = try await Self.send([chunk, chunk], to: id, at: worker, query: "?output=true")
        #expect(told.body.components(separatedBy: #""doubled":22"#).count == 3)
        let path = "/api/v1/pipelines/\(id)/events-batch?output=maybe"
        #expect(try await worker.call(.post, path, "{}").status == 400)
        await worker.stop()
    }

    @Test func `an event keeps its own time, and a document may be large`() async throws {
        let worker = try await TestWorker()
        let id = try await worker.running(DeployPipelineRequest(name: "hot", source: Programs.filter))
        let path = "/api/v1/pipelines/\(id)/events-batch"
        let event = #"{"event_type":"Reading","timestamp":0,"fields":{"value":11}}"#
        let timed = try await worker.call(.post, path, #"{"events":[\#(event)]}"#)
        #expect(timed.body.contains(#""timestamp":"1970-01-01T00:00:00Z""#))
        let cold = #"{"event_type":"Reading","fields":{"value":1}}"#
        let many = Array(repeating: cold, count: 50_000).joined(separator: ",")
        let large = try await worker.call(.post, path, #"{"events":[\#(many)]}"#)
        #expect(large.body.hasPrefix(#"{"accepted":50000,"output_events":[],"#))
        let tooLarge = try await worker.call(.post, path, String(repeating: " ", count: 16 << 20 + 1))
        #expect(tooLarge.status == 413)
        await worker.stop()
    }

    @Test func `a pipeline that is behind slows its producer down, and nobody else`() async throws {
        let folder = try TemporaryFolder()
        let gate = "\(folder.path)/gate"
        #expect(mkfifo(gate, 0o600) == 0)
        let path = folder.path
        let worker = try await TestWorker { $0.workDirectory = path }
        // Its sink is a pipe that nobody reads, so its engine stands still.
        let stuck = try await worker.running(
            DeployPipelineRequest(
                name: "stuck",
                source: "connector F = file (path: \"gate\")\nstream S = Reading.where(value > 0).to(F)\n"
            )
        )
        let free = try await worker.running(DeployPipelineRequest(name: "free", source: Programs.filter))
        let text = ByteBuffer(string: String(repeating: Self.line, count: 20_000))
        async let slow = Self.send((0..<20).map { _ in text }, to: stuck, at: worker)
        for _ in 0..<20 {
            let answer = try await Self.send([text], to: free, at: worker)
            #expect(answer.body.hasPrefix(#"{"accepted":20000,"#))
        }
        #expect(try await worker.call(.get, "/health").status == 200)
        // Someone reads at last.
        let read = await onThread { () -> Int in
            let descriptor = open(gate, O_RDONLY)
            defer { close(descriptor) }
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            var newlines = 0
            while newlines < 400_000 {
                let count = Glibc.read(descriptor, &buffer, buffer.count)
                guard count > 0 else { break }
                newlines += buffer[..<count].count { $0 == UInt8(ascii: "\n") }
            }
            return newlines
        }
        #expect(read == 400_000)
        #expect(try await slow.body.hasPrefix(#"{"accepted":400000,"#))
        await worker.stop()
    }
}

extension AsyncStream {
    /// All of a sequence, one after the other.
    fileprivate init(_ elements: some Sequence<Element> & Sendable) where Element: Sendable {
        self.init { continuation in
            for element in elements { continuation.yield(element) }
            continuation.finish()
        }
    }
}
