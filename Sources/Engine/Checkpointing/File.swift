import Glibc

/// Whole files, read and written with the system's own calls.
enum File {
    static func read(_ path: String) throws(CheckpointFailure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("read", path) }
        defer { _ = Glibc.close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("read", path) }
        var failure: CheckpointFailure?
        let size = Int(status.st_size)
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let more = Glibc.read(descriptor, buffer.baseAddress! + count, size - count)
                if more < 0, errno == EINTR { continue }
                if more < 0 { failure = .system("read", path) }
                if more <= 0 { break }
                count += more
            }
        }
        if let failure { throw failure }
        return bytes
    }

    static func synchronize(_ path: String) throws(CheckpointFailure) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open", path) }
        let isDone = fsync(descriptor) == 0
        let failure = isDone ? nil : CheckpointFailure.system("write", path)
        _ = Glibc.close(descriptor)
        if let failure { throw failure }
    }

    /// Makes a file, or replaces what is in it, and returns when it is durable.
    static func write(_ bytes: [UInt8], to path: String) throws(CheckpointFailure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .system("write", path) }
        var failure: CheckpointFailure?
        bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let more = Glibc.write(descriptor, buffer.baseAddress! + written, buffer.count - written)
                if more < 0, errno == EINTR { continue }
                guard more > 0 else {
                    failure = .system("write", path)
                    return
                }
                written += more
            }
        }
        if failure == nil, fsync(descriptor) != 0 { failure = .system("write", path) }
        if Glibc.close(descriptor) != 0, failure == nil { failure = .system("write", path) }
        if let failure { throw failure }
    }
}

/// A directory that is open: for the names in it, and to make what was renamed in it durable.
struct DirectoryHandle: ~Copyable {
    private let path: String
    private let stream: OpaquePointer

    init(_ path: String) throws(CheckpointFailure) {
        guard let stream = opendir(path) else { throw .system("open the directory", path) }
        self.stream = stream
        self.path = path
    }

    deinit { closedir(self.stream) }

    /// Nil after the last.
    func nextName() -> String? {
        guard let entry = readdir(self.stream) else { return nil }
        return withUnsafePointer(to: &entry.pointee.d_name) { name in
            name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
    }

    func synchronize() throws(CheckpointFailure) {
        guard fsync(dirfd(self.stream)) == 0 else { throw .system("write the directory", self.path) }
    }
}
