import Foundation

/// A file that a command needs and cannot use.
struct FileFailure: Error, CustomStringConvertible {
    let description: String
}

/// Text files as commands read them.
enum TextFile {
    static func read(_ path: String) throws(FileFailure) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw FileFailure(description: "cannot read \(path)")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw FileFailure(description: "\(path) is not UTF-8")
        }
        return text
    }
}
