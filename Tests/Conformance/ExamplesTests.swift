import Engine
import Foundation
import Testing
import VPL

/// The programs below `examples`, as somebody who reads them would run them.
@Suite("The examples")
struct ExamplesTests {
    private static let folders = Result { try ExampleFolder.all() }
    private static let programs = Result { try ExampleFolder.programs() }

    @Test("are found")
    func found() throws {
        #expect(try Self.folders.get().count >= 5)
        #expect(try Self.programs.get().count >= 8)
    }

    @Test("give exactly the alerts that they say", arguments: (try? folders.get()) ?? [])
    func output(example: ExampleFolder) throws {
        let (plan, diagnostics) = Plan.load(example.program)
        let program = try #require(plan, "\(diagnostics)")

        var events: [Event] = []
        var reader = EventFileReader()
        for line in example.inputLines {
            if let event = try reader.read(line) { events.append(event) }
        }
        #expect((60...400).contains(events.count))

        var pipeline = Pipeline(program)
        var outputs = Outputs()
        pipeline.process(events, into: &outputs)
        pipeline.finish(into: &outputs)
        #expect(self.lines(outputs) == example.expectedLines)

        for size in [1, 7, 1024] {
            guard let pipeline = BatchPipeline(program) else { continue }
            outputs.clear()
            for start in stride(from: 0, to: events.count, by: size) {
                pipeline.process(events[start..<min(start + size, events.count)], into: &outputs)
            }
            pipeline.finish(into: &outputs)
            #expect(self.lines(outputs) == example.expectedLines, "in batches of \(size)")
        }
    }

    private func lines(_ outputs: Outputs) -> [String] {
        outputs.emitted.map { String(decoding: EventEncoder.outputLine($0), as: UTF8.self) }
    }

    /// Those that a cluster runs leave the declaration of their broker to it.
    @Test("have the common layout, no mistake and nothing to warn of", arguments: (try? programs.get()) ?? [])
    func check(path: String) throws {
        let source = try String(contentsOf: ExampleFolder.root.appending(path: path), encoding: .utf8)
        let broker = ConnectorDeclaration(name: "Broker", type: "mqtt")
        let (plan, diagnostics) = Plan.load(source, connectors: [broker])
        #expect(plan != nil)
        #expect(diagnostics.isEmpty, "\(diagnostics)")
        #expect(try format(source) == source, "laid out as `varpulis fmt` does")
    }
}
