import Foundation

/// `.varpulis.toml`: which worker a folder's programs belong to. It is looked for in the working directory, and then in
/// each folder above.
///
///     [remote]
///     url = "http://127.0.0.1:9000"
///     api_key = "secret"
///
///     [deploy]
///     name = "readings"
struct ClientSettings: Equatable {
    var url: String?
    var apiKey: String?
    var deployName: String?

    static let fileName = ".varpulis.toml"

    /// No such file is longer.
    private static let bytesMax = 64 * 1024

    /// Those of the nearest file; none without any.
    static func nearest(to folder: String = FileManager.default.currentDirectoryPath) throws(FileFailure) -> Self {
        var folder = URL(filePath: folder, directoryHint: .isDirectory).standardizedFileURL
        while true {
            let file = folder.appending(path: Self.fileName).path
            if FileManager.default.fileExists(atPath: file) {
                let text = try TextFile.read(file)
                guard text.utf8.count <= Self.bytesMax else { throw FileFailure(description: "\(file) is too long") }
                return try Self(text, file: file)
            }
            guard folder.pathComponents.count > 1 else { return Self() }
            folder = folder.deletingLastPathComponent().standardizedFileURL
        }
    }

    init(url: String? = nil, apiKey: String? = nil, deployName: String? = nil) {
        self.url = url
        self.apiKey = apiKey
        self.deployName = deployName
    }

    /// What is not known is passed over, so that a newer file does no harm.
    init(_ text: String, file: String) throws(FileFailure) {
        var section = ""
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.isEmpty || line.hasPrefix("#") { continue }
            if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
                section = line[line.index(after: line.startIndex)..<end].trimmingCharacters(in: .whitespaces)
                continue
            }
            guard let equals = line.firstIndex(of: "=") else {
                throw FileFailure(description: "\(file):\(number + 1): expected `name = \"value\"`")
            }
            let name = line[..<equals].trimmingCharacters(in: .whitespaces)
            switch (section, name) {
            case ("remote", "url"): self.url = try Self.string(line, after: equals, file, number)
            case ("remote", "api_key"): self.apiKey = try Self.string(line, after: equals, file, number)
            case ("deploy", "name"): self.deployName = try Self.string(line, after: equals, file, number)
            default: continue
            }
        }
    }

    /// A text in quotes; nothing but a comment may follow.
    private static func string(
        _ line: String,
        after equals: String.Index,
        _ file: String,
        _ number: Int
    ) throws(FileFailure) -> String {
        var rest = line[line.index(after: equals)...].drop { $0.isWhitespace }
        let failure = FileFailure(description: "\(file):\(number + 1): expected a text in quotes")
        guard let quote = rest.popFirst(), quote == "\"" || quote == "'" else { throw failure }
        var text = ""
        while let character = rest.popFirst() {
            if character == quote {
                let after = rest.drop { $0.isWhitespace }
                guard after.isEmpty || after.hasPrefix("#") else { throw failure }
                return text
            }
            guard character == "\\", quote == "\"" else {
                text.append(character)
                continue
            }
            guard let escaped = rest.popFirst(), escaped == "\"" || escaped == "\\" else { throw failure }
            text.append(escaped)
        }
        throw failure
    }

    /// The file that gives these settings.
    var text: String {
        func quoted(_ text: String) -> String {
            "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        }
        var lines = ["[remote]"]
        if let url = self.url { lines.append("url = \(quoted(url))") }
        if let apiKey = self.apiKey { lines.append("api_key = \(quoted(apiKey))") }
        if let name = self.deployName { lines += ["", "[deploy]", "name = \(quoted(name))"] }
        return lines.joined(separator: "\n") + "\n"
    }
}
