import Foundation
import MQTT
import TestBroker
import Testing

@Suite("varpulis run")
struct RunCommandTests {
    @Test("takes events from standard input and prints what the program emits")
    func standardInput() throws {
        let files = ["a.vpl": "stream S = E.where(v > 1).print(\"seen\", v).emit(v: v)"]
        let input = """
            {"event_type":"E","v":5,"timestamp":5000}
            E { v: 1 }
            ?
            @2s E { v: 3 }
            """
        let command = try Command("run", "a.vpl", input: files, standardInput: input)
        #expect(command.status == 1)
        #expect(
            command.output == """
                {"event_type":"S","timestamp":"1970-01-01T00:00:05Z","fields":{"v":5}}
                {"event_type":"S","timestamp":"1970-01-01T00:00:02Z","fields":{"v":3}}

                """
        )
        #expect(command.errors.contains("standard input:3: expected an event type\n"))
        #expect(command.errors.contains("[PRINT] seen 5\n[PRINT] seen 3\n"))
        #expect(
            command.errors.contains("Events processed: 3\nOutput events emitted: 2\nLines rejected: 1 (malformed 1)\n")
        )
    }

    @Test("gives events without a time that of their arrival")
    func arrival() throws {
        let before = Date.now.formatted(.iso8601)
        let command = try Command(
            "run",
            "-q",
            "a.vpl",
            input: ["a.vpl": "stream S = E.emit(v: v)"],
            standardInput: "E { v: 1 }\n"
        )
        #expect(command.status == 0)
        #expect(command.errors.isEmpty)
        let line = try #require(command.output.split(separator: "\"timestamp\":\"").last)
        #expect(line.prefix(19) >= before.prefix(19))
    }

    @Test("reads and writes standard streams where a program says so")
    func connectors() throws {
        let program = """
            connector In = stdin ()
            connector Out = stdout ()
            stream S = E.from(In).where(v > 1).emit(v: v, timestamp: 0).to(Out)
            """
        let command = try Command("run", "a.vpl", input: ["a.vpl": program], standardInput: "@1s E { v: 3 }\n")
        #expect(command.status == 0)
        #expect(command.output == #"{"event_type":"S","timestamp":"1970-01-01T00:00:01Z","v":3}"# + "\n")
        let none = try Command(
            "run",
            "a.vpl",
            input: ["a.vpl": "connector X = kafka ()\nstream S = E.from(X).emit(v: v)"]
        )
        #expect(none.status == 1)
        #expect(none.errors.contains("Streams cannot read from 'X'"))
    }

    @Test("reads from a broker and writes to it until it is told to end")
    func broker() async throws {
        let broker = try TestBroker()
        let recorder = Recorder()
        let client = try MQTTClient(
            MQTTConfiguration(
                host: "127.0.0.1",
                port: broker.port,
                clientID: "observer",
                subscriptions: [.init(topicFilter: "out", qos: .atLeastOnce)]
            ),
            onStatus: recorder.onStatus,
            onBatch: recorder.onBatch
        )
        recorder.status { $0.isSubscribed }
        // Kept by the broker, so that it does not matter who comes first.
        let message = MQTTMessage(
            topic: "in/Reading",
            payload: Array(#"{"v":7}"#.utf8),
            qos: .atLeastOnce,
            isRetained: true
        )
        let completions = Completions()
        try client.publish(message, whenFull: .wait, completion: completions.record)
        #expect(completions.wait(count: 1) == [nil])

        let program = """
            connector Plant = mqtt (host: "127.0.0.1", port: \(broker.port))
            stream Hot = Reading.from(Plant, topic: "in/+", qos: 1).where(v > 1).emit(v: v).to(Plant, topic: "out", qos: 1)
            """
        let running = try RunningCommand(["run", "live.vpl"], input: ["live.vpl": program])
        let payloads = recorder.payloads(count: 1)
        #expect(payloads.count == 1 && payloads[0].contains(#""event_type":"Hot""#) && payloads[0].contains(#""v":7"#))
        running.terminate()
        let (status, output, errors) = try running.end()
        #expect(status == 0)
        #expect(output.contains(#""fields":{"v":7}"#))
        #expect(errors.contains("Events processed: 1\nOutput events emitted: 1\n"))
        client.close()
    }
}
