import Foundation
import Testing

/// The built command in a folder of files.
private struct Folder: ~Copyable {
    let url: URL

    init(_ files: [String: String]) throws {
        self.url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: self.url, withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: self.url.appending(path: name)) }
    }

    deinit {
        try? FileManager.default.removeItem(at: self.url)  // what is left behind harms nothing
    }

    func text(_ file: String) throws -> String {
        try String(contentsOf: self.url.appending(path: file), encoding: .utf8)
    }

    func run(_ arguments: String..., input: String = "") throws -> (status: Int32, output: String, errors: String) {
        for (name, text) in [("in", input), ("out", ""), ("err", "")] {
            try Data(text.utf8).write(to: self.url.appending(path: name))
        }
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0])
            .deletingLastPathComponent().appending(path: "varpulis")
        process.arguments = arguments
        process.currentDirectoryURL = self.url
        process.standardInput = try FileHandle(forReadingFrom: self.url.appending(path: "in"))
        process.standardOutput = try FileHandle(forWritingTo: self.url.appending(path: "out"))
        process.standardError = try FileHandle(forWritingTo: self.url.appending(path: "err"))
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, try self.text("out"), try self.text("err"))
    }
}

@Suite("The command fmt")
struct FormatCommandTests {
    private let files = [
        "a.vpl": "let  a=1", "bad.vpl": "let  a = )", "c.vpl": "let c = 1\n", "d.vpl": "let d   = 1\n",
    ]

    @Test("formats files in place, and leaves those with errors as they are")
    func inPlace() throws {
        let folder = try Folder(self.files)
        let path = folder.url.appending(path: "a.vpl").path
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        let link = folder.url.appending(path: "link.vpl")
        try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "d.vpl")

        let (status, output, errors) = try folder.run("fmt", "a.vpl", "bad.vpl", "absent.vpl", "c.vpl", "link.vpl")
        #expect(status == 1)
        #expect(output.isEmpty)
        #expect(errors.contains("bad.vpl:1:10: error: expected an expression"))
        #expect(errors.contains("cannot read absent.vpl"))
        #expect(try folder.text("a.vpl") == "let a = 1\n")
        #expect(try folder.text("bad.vpl") == "let  a = )")
        #expect(try folder.text("d.vpl") == "let d = 1\n")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == "d.vpl")
        let permissions = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(permissions == 0o640)

        let again = try folder.run("fmt", "a.vpl", "c.vpl", "d.vpl")
        #expect(again.status == 0)
    }

    @Test("only checks with --check")
    func check() throws {
        let folder = try Folder(self.files)
        let (status, output, _) = try folder.run("fmt", "--check", "a.vpl", "c.vpl", "d.vpl")
        #expect(status == 1)
        #expect(output == "a.vpl\nd.vpl\n")
        #expect(try folder.text("a.vpl") == "let  a=1")
        #expect(try folder.run("fmt", "--check", "c.vpl").status == 0)
    }

    @Test("formats standard input to standard output")
    func standardInput() throws {
        let folder = try Folder([:])
        let good = try folder.run("fmt", "-", input: "let  a=1")
        #expect(good.status == 0)
        #expect(good.output == "let a = 1\n")
        let bad = try folder.run("fmt", "-", input: "let a = )")
        #expect(bad.status == 1)
        #expect(bad.output.isEmpty)
        #expect(try folder.run("fmt").status == 2)
    }
}
