import Foundation

/// A case of the language's conformance suite: files of one number in `Cases`.
struct ConformanceCase {
    let name: String
    let program: String
    let inputLines: [[UInt8]]
    let expectedLines: [[UInt8]]

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Cases")

    init(number: Int) throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        let prefix = (number < 10 ? "0" : "") + "\(number)-"
        guard let file = files.first(where: { $0.hasPrefix(prefix) && $0.hasSuffix(".vpl") }) else {
            throw CocoaError(.fileNoSuchFile)
        }
        self.name = String(file.dropLast(4))
        self.program = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
        let input = files.contains(self.name + ".evt") ? ".evt" : ".jsonl"
        self.inputLines = try Self.lines(self.name + input)
        self.expectedLines = try Self.lines(self.name + ".expected.jsonl").filter { !$0.isEmpty }
    }

    private static func lines(_ file: String) throws -> [[UInt8]] {
        try Data(contentsOf: Self.folder.appending(path: file))
            .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Array($0) }
    }
}

/// An invalid program and the first error that must be found in it.
struct ConformanceErrorCase {
    struct Expectation: Decodable {
        let line: Int
        let column: Int
        let kind: String
        let contains: String
        let code: String?
    }

    let program: String
    let expected: Expectation

    private static let folder =
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Cases/errors")

    init(number: Int) throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        let prefix = (number < 10 ? "0" : "") + "\(number)-"
        guard let file = files.first(where: { $0.hasPrefix(prefix) && $0.hasSuffix(".vpl") }) else {
            throw CocoaError(.fileNoSuchFile)
        }
        self.program = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
        let description = file.dropLast(4) + ".error.json"
        self.expected = try JSONDecoder().decode(
            Expectation.self,
            from: Data(contentsOf: Self.folder.appending(path: String(description)))
        )
    }
}
