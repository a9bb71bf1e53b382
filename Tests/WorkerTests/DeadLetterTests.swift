import ClusterAPI
import Foundation
import HTTPTypes
import Hummingbird
import MQTT
import NIOCore
import Synchronization
import TestBroker
import Testing
import Threads

@testable import Worker

@Suite struct DeadLetterTests {
    private struct Letter: Decodable {
        let timestamp: String
        let connector: String
        let sink: String
        let error: String
        let event: [String: Value]
    }

    private struct Value: Decodable {
        let number: Int?

        init(from decoder: any Decoder) throws {
            self.number = try? decoder.singleValueContainer().decode(Int.self)  // the other fields are texts
        }
    }

    private static func letters(_ path: String) throws -> [Letter] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
            try JSONDecoder().decode(Letter.self, from: Data(line.utf8))
        }
    }

    private static func inject(_ worker: TestWorker, _ id: String, _ values: Range<Int>) async throws {
        for value in values {
            let event = #"{"event_type":"Reading","fields":{"value":\#(value)}}"#
            #expect(try await worker.call(.post, "/api/v1/pipelines/\(id)/events", event).status == 200)
        }
    }

    private struct Metrics: Decodable {
        let deadLetters: UInt64
        let connectors: [ConnectorHealth]

        enum CodingKeys: String, CodingKey {
            case deadLetters = "dead_letters"
            case connectors
        }
    }

    private static func metrics(
        _ worker: TestWorker,
        _ id: String,
        where fits: (Metrics) -> Bool
    ) async throws -> Metrics? {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            let metrics = try await worker.call(.get, "/api/v1/pipelines/\(id)/metrics").decoded(Metrics.self)
            if fits(metrics) { return metrics }
            try await Task.sleep(for: .milliseconds(20))
        }
        return nil
    }

    @Test func `what a broker refuses is kept, and then nothing is tried for a while`() async throws {
        let broker = try TestBroker(
            settings: ["allow_anonymous true", "acl_file FOLDER/acl"],
            files: ["acl": "topic read #\n"]
        )
        let folder = try TemporaryFolder()
        let path = folder.path
        let worker = try await TestWorker { $0.workDirectory = path }
        let id = try await worker.running(
            DeployPipelineRequest(
                name: "p",
                source: "stream Hot = Reading.emit(value: value).to(M, topic: \"out\", qos: 1)\n",
                connectors: [
                    Connector(
                        name: "M",
                        connectorType: "mqtt",
                        params: ["host": "127.0.0.1", "port": "\(broker.port)"]
                    )
                ]
            )
        )
        for value in 0..<8 {
            try await Self.inject(worker, id, value..<value + 1)
            #expect(try await Self.metrics(worker, id) { $0.deadLetters == UInt64(value + 1) } != nil)
        }
        let letters = try Self.letters("\(path)/varpulis-dlq.jsonl")
        #expect(letters.compactMap { $0.event["value"]?.number } == Array(0..<8))
        #expect(letters.allSatisfy { $0.connector == "M" && $0.sink == "out" })
        #expect(letters.map { $0.error.hasPrefix("the circuit is open") } == (0..<8).map { $0 >= 5 })
        let health = try #require(try await Self.metrics(worker, id) { _ in true }).connectors.first
        #expect(health?.connected == false)
        #expect(health?.lastError?.hasPrefix("circuit open") == true)
        await worker.stop()
    }

    @Test func `the file is bounded`() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/dead.jsonl"
        for _ in 0..<2 {
            // A second one goes on where the first ended.
            let deadLetters = DeadLetters(path: path, bytesMax: 2000)
            for number in 0..<50 {
                let why = deadLetters.write(
                    connector: "C\"",
                    sink: "s",
                    error: "e\n",
                    event: Array(#"{"n":\#(number)}"#.utf8)
                )
                #expect(why == nil)
            }
        }
        for file in [path, path + ".1"] {
            let letters = try Self.letters(file)
            #expect(!letters.isEmpty)
            #expect(letters.allSatisfy { $0.connector == "C\"" && $0.error == "e\n" })
            #expect(try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? .max <= 2000)
        }
        #expect(try Self.letters(path).last?.event["n"]?.number == 49)
    }

    @Test func `a file sink that cannot write leaves dead letters`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let worker = try await TestWorker {
            $0.workDirectory = path
            $0.deadLetterFile = "\(path)/dead"
        }
        let id = try await worker.running(
            DeployPipelineRequest(
                name: "p",
                source: """
                    connector F = file (path: "no/such/folder")
                    stream Hot = Reading.emit(value: value).to(F)
                    """
            )
        )
        try await Self.inject(worker, id, 0..<2)
        #expect(try Self.letters("\(path)/dead").map(\.sink) == ["no/such/folder", "no/such/folder"])
        await worker.stop()
    }

    @Test func `an http sink posts lines in order, repeats what fails and gives up what is refused`() async throws {
        let received = Mutex<[String]>([])
        let calls = Atomic(0)
        let router = Router()
        router.post("in") { request, _ -> HTTPResponse.Status in
            // The first attempt fails, and so is repeated.
            guard calls.add(1, ordering: .relaxed).oldValue > 0 else { return .serviceUnavailable }
            let body = String(buffer: try await request.body.collect(upTo: 1 << 20))
            if body.contains(#""value":999"#) { return .badRequest }
            received.withLock { $0 += body.split(separator: "\n").map(String.init) }
            return .ok
        }
        let listening = Promise<Int>()
        let application = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { listening.fulfil($0.localAddress?.port ?? 0) },
            logger: TestWorker.quiet
        )
        // Ends with the test, which cancels it and waits for it.
        let server = Task { try await application.run() }
        let port = try #require(await listening.value(within: .seconds(20)))
        let folder = try TemporaryFolder()
        let path = folder.path
        let worker = try await TestWorker { $0.workDirectory = path }
        let id = try await worker.running(
            DeployPipelineRequest(
                name: "p",
                source: """
                    connector H = http (url: "http://127.0.0.1:\(port)/in")
                    stream Hot = Reading.emit(value: value).to(H)
                    """
            )
        )
        try await Self.inject(worker, id, 0..<20)
        let deadline = ContinuousClock.now + .seconds(20)
        while received.withLock({ $0.count }) < 20, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        let lines = received.withLock { $0 }
        #expect(lines.count == 20)
        for (number, line) in lines.enumerated() { #expect(line.contains(#""value":\#(number)"#)) }
        try await Self.inject(worker, id, 999..<1000)
        let metrics = try #require(try await Self.metrics(worker, id) { $0.deadLetters == 1 })
        #expect(metrics.connectors.map(\.connectorType) == ["http"])
        #expect(try Self.letters("\(path)/varpulis-dlq.jsonl").first?.error.hasPrefix("400") == true)
        await worker.stop()
        server.cancel()
        _ = await server.result
    }
}
