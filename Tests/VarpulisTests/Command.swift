import Foundation

/// The built command, run as people run it.
struct Command {
    let status: Int32
    let output: String
    let errors: String

    init(_ arguments: String..., input: [String: String] = [:], standardInput: String = "") throws {
        try self.init(arguments, input: input, standardInput: standardInput)
    }

    /// - Parameters:
    ///   - input: Files in the folder in which it runs.
    ///   - standardInput: What it reads there.
    init(_ arguments: [String], input: [String: String] = [:], standardInput: String = "") throws {
        let running = try RunningCommand(arguments, input: input)
        running.standardInput.write(Data(standardInput.utf8))
        (self.status, self.output, self.errors) = try running.end()
    }
}

/// The command while it runs. What it writes goes to files: a pipe that nobody reads would stop it.
final class RunningCommand {
    let standardInput: FileHandle
    private let process = Process()
    private let folder: URL

    init(_ arguments: [String], input: [String: String] = [:]) throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        for (name, text) in input { try Data(text.utf8).write(to: self.folder.appending(path: name)) }
        for file in ["stdout", "stderr"] { try Data().write(to: self.folder.appending(path: file)) }
        let pipe = Pipe()
        self.standardInput = pipe.fileHandleForWriting
        self.process.executableURL = Self.executable
        self.process.arguments = arguments
        self.process.currentDirectoryURL = self.folder
        self.process.standardInput = pipe
        self.process.standardOutput = try FileHandle(forWritingTo: self.folder.appending(path: "stdout"))
        self.process.standardError = try FileHandle(forWritingTo: self.folder.appending(path: "stderr"))
        try self.process.run()
    }

    deinit {
        try? FileManager.default.removeItem(at: self.folder)  // what is left behind harms nothing
    }

    /// What it has written so far.
    var output: String {
        get throws { try String(contentsOf: self.folder.appending(path: "stdout"), encoding: .utf8) }
    }

    /// What it has told of itself so far.
    var errors: String {
        get throws { try String(contentsOf: self.folder.appending(path: "stderr"), encoding: .utf8) }
    }

    var isRunning: Bool { self.process.isRunning }

    /// Tells it to read again what may have changed on disk.
    func hangUp() { kill(self.process.processIdentifier, SIGHUP) }

    /// Asks it to end.
    func terminate() { self.process.terminate() }

    /// Closes its standard input and waits for its end.
    func end() throws -> (status: Int32, output: String, errors: String) {
        try self.standardInput.close()
        self.process.waitUntilExit()
        return (self.process.terminationStatus, try self.output, try self.errors)
    }

    /// The command stands beside the bundle of the tests.
    private static let executable = URL(filePath: CommandLine.arguments[0])
        .deletingLastPathComponent().appending(path: "varpulis")
}
