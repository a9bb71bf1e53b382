internal import Glibc

/// A member's directory, held for this process alone as long as something refers to it.
final class DataDirectory: Sendable {
    let path: String
    private let lock: CInt

    /// Creates the directory if it is missing, for its owner only, and takes its lock.
    init(_ path: String) throws(StorageError) {
        try Self.create(path)
        let file = path + "/LOCK"
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failed("create", file) }
        // The lock goes with the process, however it ends.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            let holder = Self.holder(descriptor)
            close(descriptor)
            guard reason == EWOULDBLOCK else { throw Self.failed("lock", file, reason) }
            throw StorageError(
                .locked,
                "The data directory \(path) is in use by \(holder). Stop that process first, or give this one a "
                    + "directory of its own."
            )
        }
        Self.sign(descriptor)
        self.path = path
        self.lock = descriptor
    }

    deinit {
        // Closing is not enough: a child that is being started holds a copy of the descriptor until it runs its program.
        flock(self.lock, LOCK_UN)
        close(self.lock)
    }

    /// Makes the files created in the directory survive a crash of the machine.
    func sync() throws(StorageError) { try Self.sync(self.path) }

    /// The path of a directory inside this one, created if it is missing.
    func subdirectory(_ name: String) throws(StorageError) -> String {
        let path = self.path + "/" + name
        try Self.create(path)
        return path
    }

    /// Creates the missing directories of `path`, each made to survive a crash before the next one is begun.
    private static func create(_ path: String) throws(StorageError) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw StorageError(.directoryUnusable, "\(path) is not a directory.")
            }
            return
        }
        guard errno == ENOENT else { throw self.failed("find", path) }
        let parent = self.parent(of: path)
        try self.create(parent)
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw self.failed("create", path) }
        try self.sync(parent)
    }

    private static func parent(of path: String) -> String {
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    static func sync(_ path: String) throws(StorageError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw self.failed("open", path) }
        let result = fsync(descriptor)
        let reason = errno
        close(descriptor)
        guard result == 0 else { throw self.failed("sync", path, reason) }
    }

    /// Writes this process's id into the lock file, for the message that a second process gives. Nothing depends on it.
    private static func sign(_ descriptor: CInt) {
        let text = Array("\(getpid())\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
    }

    private static func holder(_ descriptor: CInt) -> String {
        var text = [UInt8](repeating: 0, count: 20)
        let count = pread(descriptor, &text, text.count, 0)
        let digits = text.prefix(max(0, count)).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        if digits.isEmpty { return "another process" }
        let process = String(decoding: digits, as: UTF8.self)
        return process == "\(getpid())" ? "this process already" : "process \(process)"
    }

    private static func failed(_ what: String, _ path: String, _ reason: CInt = errno) -> StorageError {
        StorageError(.directoryUnusable, "Could not \(what) \(path): \(String(cString: strerror(reason))).")
    }
}
