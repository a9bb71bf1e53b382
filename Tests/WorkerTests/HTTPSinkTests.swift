import ClusterAPI
import NIOCore
import NIOPosix
import TestBroker
import Testing
import Threads

@testable import Worker

@Suite struct HTTPSinkTests {
    @Test func `several are closed in the time of one, whatever their requests wait for`() async throws {
        let (requests, came) = AsyncStream<Void>.makeStream()
        let deaf = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                came.yield()
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        let port = deaf.localAddress?.port ?? 0
        let sinks = (0..<3).map { HTTPSink(url: "http://127.0.0.1:\(port)/\($0)", name: "\($0)") }
        let closed = Monitor(0)
        for sink in sinks {
            sink.post(Array("{}".utf8)) { failure in
                guard case .closed? = failure else { return }
                closed.change { $0 += 1 }
            }
        }
        var connections = requests.makeAsyncIterator()
        for _ in sinks { await connections.next() }
        let took = await onThread {
            ContinuousClock().measure {
                for sink in sinks { sink.beginClose(drainingAtMost: .milliseconds(300)) }
                for sink in sinks { sink.close(drainingAtMost: .milliseconds(300)) }
            }
        }
        // A request has five seconds, and four repetitions.
        #expect(took < .seconds(4))
        #expect(closed.withLock { $0 } == sinks.count)
        try await deaf.close()
    }

    @Test func `a stop does not last longer with more sinks`() async throws {
        let deaf = try SilentListener()
        let worker = try await TestWorker()
        let numbers = 0..<4
        let connectors = numbers.map { #"connector H\#($0) = http (url: "http://127.0.0.1:\#(deaf.port)/")"# }
        let streams = numbers.map { "stream S\($0) = Reading.emit(value: value).to(H\($0))" }
        let id = try await worker.running(
            DeployPipelineRequest(name: "p", source: (connectors + streams).joined(separator: "\n"))
        )
        let event = #"{"event_type":"Reading","fields":{"value":1}}"#
        #expect(try await worker.call(.post, "/api/v1/pipelines/\(id)/events", event).status == 200)
        let began = ContinuousClock.now
        #expect(try await worker.call(.delete, "/api/v1/pipelines/\(id)").status == 200)
        #expect(ContinuousClock.now - began < .seconds(10))
        await worker.stop()
    }
}
