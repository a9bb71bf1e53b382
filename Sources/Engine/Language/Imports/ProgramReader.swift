/// Reads a program with all that it imports: the statements of an imported file stand before those of the file that imports
/// it, each file's once. Files that import each other in a circle are read like any others.
struct ProgramReader {
    private let reading: ImportReading?
    private(set) var files: [SourceFile] = []
    private(set) var statements: [Statement] = []
    private(set) var diagnostics: [Diagnostic] = []
    /// The paths of the files, in the shortest form.
    private var paths: Set<String> = []

    private static let depthMax = 10

    init(_ reading: ImportReading?) { self.reading = reading }

    mutating func read(_ file: SourceFile) {
        self.paths.insert(Self.simplified(file.path))
        self.read(file, depth: 0)
    }

    private mutating func read(_ file: SourceFile, depth: Int) {
        let number = self.files.count
        self.files.append(file)
        let (program, errors) = Parser.parse(file.text, file: number)
        self.diagnostics += errors
        for statement in program.statements {
            guard case .importFile(let path, _) = statement.kind else { continue }
            if let failure = self.take(path, from: file, depth: depth + 1) {
                self.diagnostics.append(
                    Diagnostic(
                        kind: .undefined,
                        message: failure.message,
                        location: statement.location,
                        length: statement.length
                    )
                )
            }
        }
        self.statements += program.statements
    }

    /// Reads an imported file, unless it was read already.
    private mutating func take(_ path: String, from file: SourceFile, depth: Int) -> ImportFailure? {
        guard let reading else {
            return ImportFailure(message: "a program that is given as text, without its files, cannot import any")
        }
        let folder = file.path.lastIndex(of: "/").map { file.path[...$0] } ?? ""
        let path = Self.simplified(path.hasPrefix("/") ? path : folder + path)
        guard !self.paths.contains(path) else { return nil }
        guard depth <= Self.depthMax else {
            return ImportFailure(message: "files import each other more than \(Self.depthMax) deep")
        }
        self.paths.insert(path)
        switch reading(path) {
        case .success(let text): self.read(SourceFile(path: path, text: text), depth: depth)
        case .failure(let failure): return failure
        }
        return nil
    }

    /// The path without `.`, and without `..` after a folder.
    private static func simplified(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(part) }
        }
        return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }
}
