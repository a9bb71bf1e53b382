import AsyncHTTPClient
import ClusterAPI
import Engine
import NIOCore
import NIOHTTP1
import Testing

@testable import Worker

@Suite struct OutputStreamTests {
    /// What a listener has heard so far.
    private struct Listener: ~Copyable {
        private var body: HTTPClientResponse.Body.AsyncIterator
        private var text = ""

        init(_ worker: TestWorker, _ id: String) async throws {
            let request = HTTPClientRequest(url: "http://127.0.0.1:\(worker.port)/api/v1/pipelines/\(id)/logs")
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
            #expect(response.status == .ok)
            #expect(response.headers.first(name: "content-type") == "text/event-stream")
            self.body = response.body.makeAsyncIterator()
        }

        /// Reads until all of `wanted` has come; nil when the stream ends before.
        mutating func hear(_ wanted: String) async throws -> String? {
            while !self.text.contains(wanted) {
                guard let chunk = try await self.body.next(isolation: #isolation) else { return nil }
                self.text += String(buffer: chunk)
            }
            return self.text
        }
    }

    @Test func `a listener hears the output of injected events, and the stream ends with the pipeline`() async throws {
        let worker = try await TestWorker()
        let id = try await worker.running(DeployPipelineRequest(name: "hot", source: Programs.filter))
        var listener = try await Listener(worker, id)
        #expect(try await listener.hear("\n\n") == ": keep-alive\n\n")
        let event = #"{"event_type":"Reading","timestamp":"2024-01-01T00:00:00Z","fields":{"value":30}}"#
        _ = try await worker.call(.post, "/api/v1/pipelines/\(id)/events", event)
        let shown =
            #"data: {"event_type":"Hot","timestamp":"2024-01-01T00:00:00+00:00","data":{"value":30,"doubled":60}}"#
        #expect(try await listener.hear(shown + "\n\n") != nil)
        // Lines that ask for no answer are heard all the same.
        let path = "/api/v1/pipelines/\(id)/events-batch"
        let line = #"{"event_type":"Reading","fields":{"value":41}}"#
        _ = try await worker.call(.post, path, line, contentType: "application/x-ndjson")
        #expect(try await listener.hear(#""value":41"#) != nil)
        // A new program is heard by those who listened to the one before.
        let program = "stream Any = Reading.emit(seen: value)"
        _ = try await worker.call(.post, "/api/v1/pipelines/\(id)/reload", #"{"source":"\#(program)"}"#)
        _ = try await worker.call(.post, "/api/v1/pipelines/\(id)/events", event)
        #expect(try await listener.hear(#""seen":30"#) != nil)
        _ = try await worker.call(.delete, "/api/v1/pipelines/\(id)")
        #expect(try await listener.hear("nothing of the kind") == nil)
        await worker.stop()
    }

    @Test func `a listener that hangs on does not keep a worker from ending`() async throws {
        let worker = try await TestWorker()
        let id = try await worker.running(DeployPipelineRequest(name: "hot", source: Programs.filter))
        var listener = try await Listener(worker, id)
        #expect(try await listener.hear("keep-alive") != nil)
        await worker.stop()
        _ = try? await listener.hear("nothing of the kind")  // ends, by an end or by a cut connection
    }

    @Test func `who is slow misses the oldest events, and learns how many`() async throws {
        let feed = OutputFeed()
        #expect(!feed.hasReaders)
        var reader = feed.listen()
        #expect(feed.hasReaders)
        func events(_ range: Range<Int64>) -> [Event] {
            range.map { Event(type: "E", timestamp: 0, fields: Fields([("n", Value.int($0))])) }
        }
        feed.publish(events(0..<10))
        feed.publish(events(10..<1010))
        feed.finish()
        #expect(reader?.takeSkipped() == 1010 - 256)
        #expect(reader?.takeSkipped() == 0)
        var heard: [String] = []
        for await item in try #require(reader).items {
            guard case .event(let json) = item else { continue }
            heard.append(String(decoding: json, as: UTF8.self))
        }
        #expect(heard.count == 256)
        #expect(heard.first?.hasSuffix(#""data":{"n":754}}"#) ?? false)
        #expect(heard.last?.hasSuffix(#""data":{"n":1009}}"#) ?? false)
        reader = nil
        #expect(!feed.hasReaders)
    }
}
