import Foundation
import Glibc

/// A file that a command needs and cannot use.
struct FileFailure: Error, CustomStringConvertible {
    let description: String
}

/// Text files as commands read and replace them.
enum TextFile {
    static func read(_ path: String) throws(FileFailure) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw FileFailure(description: "cannot read \(path)")
        }
        return try Self.text(of: data, from: path)
    }

    static func readStandardInput() throws(FileFailure) -> String {
        do {
            return try Self.text(of: try FileHandle.standardInput.readToEnd() ?? Data(), from: "standard input")
        } catch let failure as FileFailure {
            throw failure
        } catch {
            throw FileFailure(description: "cannot read standard input")
        }
    }

    /// Puts a new file in the place of the old one, whole or not at all. It has the old one's permissions, and a link
    /// goes on pointing to it.
    static func replace(_ path: String, with text: String) throws(FileFailure) {
        let file = URL(filePath: path).resolvingSymlinksInPath()
        let draft = file.deletingLastPathComponent().appending(path: ".\(file.lastPathComponent).\(UUID().uuidString)")
        let files = FileManager.default
        do {
            let permissions = try files.attributesOfItem(atPath: file.path)[.posixPermissions] ?? 0o644
            try Data(text.utf8).write(to: draft, options: .withoutOverwriting)
            try files.setAttributes([.posixPermissions: permissions], ofItemAtPath: draft.path)
            let handle = try FileHandle(forWritingTo: draft)
            try handle.synchronize()
            try handle.close()
            guard rename(draft.path, file.path) == 0 else { throw CocoaError(.fileWriteUnknown) }
        } catch {
            try? files.removeItem(at: draft)  // what is left behind harms nothing
            throw FileFailure(description: "cannot write \(path)")
        }
    }

    private static func text(of data: Data, from name: String) throws(FileFailure) -> String {
        guard let text = String(validating: data, as: UTF8.self) else {
            throw FileFailure(description: "\(name) is not UTF-8")
        }
        return text
    }
}
