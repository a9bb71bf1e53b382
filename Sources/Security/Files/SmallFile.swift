#if canImport(Glibc)
    import Glibc
#endif

/// A small file that is read as a whole: a key, a certificate.
public enum SmallFile {
    public static let byteCountMax = 1 << 20

    /// The file's bytes, of which no more than `bytesMax` are read. The error is a sentence without the file's contents in
    /// it.
    public static func read(_ path: String, upTo bytesMax: Int = SmallFile.byteCountMax) throws(FileError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard file >= 0 else { throw FileError("\(path) cannot be read: \(String(cString: strerror(errno))).") }
        defer { close(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(file, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError("\(path) cannot be read: \(String(cString: strerror(errno))).") }
            if count == 0 { return bytes }
            guard bytes.count + count <= bytesMax else {
                throw FileError("\(path) is larger than \(bytesMax) bytes.")
            }
            bytes.append(contentsOf: part[..<count])
        }
    }
}

/// What is wrong with a file that a process needs, as a sentence for the one who runs it.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
