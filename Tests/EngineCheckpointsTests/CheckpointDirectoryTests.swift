import Engine
import EngineCheckpoints
import Foundation
import Testing

@Suite("A directory of checkpoints")
struct CheckpointDirectoryTests {
    private func withDirectory(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "checkpoints-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // what is left in the temporary folder harms nothing
        try body(folder)
    }

    /// A checkpoint after so many events.
    private func bytes(_ count: Int) throws -> [UInt8] {
        var pipeline = Pipeline(try #require(Plan.load("stream S = E.limit(9).emit()").plan))
        var outputs = Outputs()
        pipeline.process((0..<count).map { Event(type: "E", timestamp: Int64($0)) }, into: &outputs)
        return pipeline.snapshot.checkpoint.encoded()
    }

    private func processed(_ newest: CheckpointDirectory.Newest) -> UInt64? {
        newest.checkpoint?.manifest.counters.processed
    }

    @Test("gives the newest, and keeps the last three")
    func newest() throws {
        try self.withDirectory { folder in
            let directory = try CheckpointDirectory(folder.path)
            #expect(try directory.newest().checkpoint == nil)
            for count in 1...12 { try directory.write(try self.bytes(count)) }
            #expect(try self.processed(directory.newest()) == 12)
            #expect(try self.processed(CheckpointDirectory(folder.path).newest()) == 12)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(names == (10...12).map { "checkpoint-00000000\($0).vplc" })
        }
    }

    @Test("passes over what cannot be read, and says so")
    func damage() throws {
        try self.withDirectory { folder in
            let directory = try CheckpointDirectory(folder.path)
            for count in 1...3 { try directory.write(try self.bytes(count)) }
            try Data(try self.bytes(3).dropLast()).write(to: folder.appending(path: "checkpoint-0000000003.vplc"))
            try Data([1, 2, 3]).write(to: folder.appending(path: "checkpoint-0000000004.vplc"))
            try Data().write(to: folder.appending(path: "checkpoint-0000000005.part"))
            try Data().write(to: folder.appending(path: "checkpoint-x.vplc"))
            let newest = try directory.newest()
            #expect(self.processed(newest) == 2)
            #expect(newest.name == "checkpoint-0000000002.vplc")
            #expect(newest.skipped.count == 2)
            #expect(newest.skipped[0].contains("checkpoint-0000000004.vplc is passed over: this is no checkpoint"))
            #expect(newest.skipped[1].contains("damaged"))
            // What is written next is the newest.
            #expect(try directory.write(try self.bytes(7)) == "checkpoint-0000000005.vplc")
            #expect(try self.processed(directory.newest()) == 7)
        }
    }

    @Test("that cannot be used is told of")
    func failures() throws {
        #expect(throws: CheckpointFailure.self) { try CheckpointDirectory("/proc/none/such") }
        try self.withDirectory { folder in
            try Data().write(to: folder)
            #expect(throws: CheckpointFailure.self) { try CheckpointDirectory(folder.path) }
        }
    }
}
