import Foundation
import Testing

@testable import Security

@Suite("Keys in files")
struct KeyTextTests {
    @Test(
        "a file has one line with a key in it",
        arguments: [
            ("key\n", true), ("key", true), ("key\r\n", true),
            ("", false), ("\n", false), ("two keys\n", false), ("two\nlines\n", false), ("schlüssel\n", false),
        ]
    )
    func files(text: String, isGood: Bool) throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID())")
        try Data(text.utf8).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }  // what is left behind harms nothing
        if isGood {
            #expect(try KeyText.read(url.path) == "key")
        } else {
            #expect(throws: FileError.self) { try KeyText.read(url.path) }
        }
    }

    @Test("a file larger than is asked for is refused")
    func bounds() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "file-\(UUID())")
        try Data(count: 100_000).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }  // what is left behind harms nothing
        #expect(try SmallFile.read(url.path, upTo: 100_000).count == 100_000)
        #expect(throws: FileError("\(url.path) is larger than 99999 bytes.")) {
            try SmallFile.read(url.path, upTo: 99_999)
        }
    }

    @Test("a file that is not there, or is no file, is told of")
    func missing() {
        #expect(throws: FileError("/nowhere cannot be read: No such file or directory.")) {
            try KeyText.read("/nowhere")
        }
        #expect(throws: FileError("/tmp cannot be read: Is a directory.")) { try KeyText.read("/tmp") }
    }
}
