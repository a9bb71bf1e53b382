import Foundation
import Testing

@testable import Engine

/// The checkpoint that `docs/formats.md` shows.
@Suite("The example of a checkpoint")
struct CheckpointExampleTests {
    private static let document = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/formats.md")

    /// The bytes at the beginning of the lines of the example; what each is follows after two spaces.
    private func example() throws -> [UInt8] {
        let text = try String(contentsOf: Self.document, encoding: .utf8)
        let start = try #require(text.range(of: "    56 50 4C 43 4B 50 54 00"))
        let lines = text[start.lowerBound...].split(separator: "\n", omittingEmptySubsequences: false)
        return lines.prefix { $0.hasPrefix("    ") }.flatMap { line in
            let bytes = line.dropFirst(4).components(separatedBy: "  ").first ?? ""
            return bytes.split(separator: " ").compactMap { UInt8($0, radix: 16) }
        }
    }

    @Test("is what the engine writes, and what it reads")
    func bytes() throws {
        let plan = try #require(Plan.load("stream S = E.distinct(a).emit()").plan)
        var pipeline = Pipeline(plan)
        var outputs = Outputs()
        let events = ["x", "y"].map { Event(type: "E", timestamp: 0, fields: ["a": .string($0)]) }
        pipeline.process(events, into: &outputs)
        var snapshot = pipeline.snapshot
        snapshot.manifest.positions["file"] = [7]
        let bytes = snapshot.checkpoint.encoded()
        #expect(try self.example() == bytes, "\(bytes.map { String(format: "%02X", $0) }.joined(separator: " "))")
        #expect(try Checkpoint(decoding: try self.example()).manifest.counters.processed == 2)
    }
}
