import Foundation
import FuzzChecks
import Testing

/// What `scripts/fuzz` found once stays fixed.
@Suite("The fuzzers' corpus")
struct CorpusTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fuzz/corpus")

    private func files(_ target: String) throws -> [URL] {
        let folder = Self.folder.appending(path: target)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .map { folder.appending(path: $0) }
    }

    @Test("programs")
    func programs() throws {
        let files = try self.files("program")
        #expect(!files.isEmpty)
        for file in files {
            let failure = ProgramCheck.failure(of: String(decoding: try Data(contentsOf: file), as: UTF8.self))
            #expect(failure == nil, "\(file.lastPathComponent)")
        }
    }

    @Test("checkpoints")
    func checkpoints() throws {
        let files = try self.files("checkpoint")
        #expect(!files.isEmpty)
        for file in files {
            let failure = CheckpointCheck.failure(of: Array(try Data(contentsOf: file)))
            #expect(failure == nil, "\(file.lastPathComponent)")
        }
    }

    @Test("files of events")
    func events() throws {
        let files = try self.files("events")
        #expect(!files.isEmpty)
        for file in files {
            let failure = EventsCheck.failure(of: Array(try Data(contentsOf: file)))
            #expect(failure == nil, "\(file.lastPathComponent)")
        }
    }
}
