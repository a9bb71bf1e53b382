import Foundation
import Glibc
import Synchronization

/// The one folder in which programs may write: they come over the network, and must not choose any file of the machine.
struct WorkDirectory: Sendable {
    private let path: String

    init(_ path: String) {
        self.path = URL(filePath: path, directoryHint: .isDirectory).standardizedFileURL.path(percentEncoded: false)
    }

    /// The absolute path of a file inside, nil for one that is not.
    func file(_ name: String) -> String? {
        let url = URL(filePath: name, relativeTo: URL(filePath: self.path, directoryHint: .isDirectory))
        let path = url.standardizedFileURL.path(percentEncoded: false)
        let folder = self.path.hasSuffix("/") ? self.path : self.path + "/"
        return path.hasPrefix(folder) ? path : nil
    }
}

/// Appends lines to a file, which is opened with the first of them.
final class FileSink: Sendable {
    private let path: String?
    private let name: String
    private let descriptor = Mutex<CInt>(-1)

    init(path: String, in directory: WorkDirectory) {
        self.name = path
        self.path = directory.file(path)
    }

    deinit {
        self.descriptor.withLock { descriptor in
            if descriptor >= 0 { close(descriptor) }
        }
    }

    /// Writes a line in one piece. Returns why it could not, nil when it could.
    func writeLine(_ line: [UInt8]) -> String? {
        guard let path = self.path else { return "'\(self.name)' lies outside the work directory" }
        return self.descriptor.withLock { descriptor in
            if descriptor < 0 {
                descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
                guard descriptor >= 0 else { return String(cString: strerror(errno)) }
            }
            return StandardWrite.all(line + [UInt8(ascii: "\n")], to: descriptor)
        }
    }
}

/// Lines on a standard stream: the results of `console` sinks and `.print`.
final class ConsoleWriter: Sendable {
    private let lock = Mutex(())
    private let descriptor: CInt

    init(descriptor: CInt = STDOUT_FILENO) { self.descriptor = descriptor }

    /// A reader that has gone away is nothing that a pipeline could mend.
    func writeLine(_ line: [UInt8]) {
        self.lock.withLock { _ in
            _ = StandardWrite.all(line + [UInt8(ascii: "\n")], to: self.descriptor)
        }
    }
}
