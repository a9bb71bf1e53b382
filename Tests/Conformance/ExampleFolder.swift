import Foundation
import Testing

/// A folder of `examples` whose program is run over its events: `NAME/NAME.vpl`, `events.evt` or `events.jsonl`, and
/// the lines of `expected.jsonl`.
struct ExampleFolder: Sendable, CustomTestStringConvertible {
    let name: String
    let program: String
    let inputLines: [[UInt8]]
    let expectedLines: [String]

    var testDescription: String { self.name }

    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "examples")

    /// All folders that say what is expected, by name.
    static func all() throws -> [ExampleFolder] {
        try Self.folders()
            .filter { name in
                FileManager.default.fileExists(atPath: Self.root.appending(path: "\(name)/expected.jsonl").path)
            }
            .map(ExampleFolder.init(name:))
    }

    /// The paths of all programs in the folders of `examples`, in order.
    static func programs() throws -> [String] {
        try Self.folders().flatMap { name in
            try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: name).path)
                .filter { $0.hasSuffix(".vpl") }
                .sorted()
                .map { "\(name)/\($0)" }
        }
    }

    private static func folders() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: Self.root.path).sorted()
            .filter { Self.root.appending(path: $0, directoryHint: .checkFileSystem).hasDirectoryPath }
    }

    private init(name: String) throws {
        let folder = Self.root.appending(path: name)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let events = files.contains("events.evt") ? "events.evt" : "events.jsonl"
        self.name = name
        self.program = try String(contentsOf: folder.appending(path: "\(name).vpl"), encoding: .utf8)
        self.inputLines = try Data(contentsOf: folder.appending(path: events))
            .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { Array($0) }
        self.expectedLines = try String(contentsOf: folder.appending(path: "expected.jsonl"), encoding: .utf8)
            .split(separator: "\n")
            .map(String.init)
    }
}
