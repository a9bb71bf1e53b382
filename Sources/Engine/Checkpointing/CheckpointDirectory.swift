public import Engine
import Glibc

/// A directory in which a running program keeps its last checkpoints, each in a file of its own.
///
/// A file is written under another name, made durable, and only then gets its own: whenever the machine stops, there is
/// the new checkpoint or there are those before it. One program at a time uses a directory.
///
///     checkpoint-0000000041.vplc   the oldest that is kept
///     checkpoint-0000000042.vplc
///     checkpoint-0000000043.vplc   the newest
///     checkpoint-0000000044.part   one that was not finished, and that the next one replaces
public struct CheckpointDirectory: Sendable {
    /// How many checkpoints are kept.
    public static let keptCount = 3

    public let path: String

    /// Makes the directory if it is not there.
    public init(_ path: String) throws(CheckpointFailure) {
        self.path = path
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw .system("make the directory", path) }
        _ = try DirectoryHandle(path)
    }

    /// A checkpoint, and those newer ones that could not be read.
    public struct Newest: Sendable {
        public let checkpoint: Checkpoint?
        /// The name of its file.
        public let name: String?
        /// A sentence for each.
        public let skipped: [String]
    }

    /// The newest checkpoint that can be read.
    public func newest() throws(CheckpointFailure) -> Newest {
        var skipped: [String] = []
        for (name, _) in try self.files().reversed() {
            let file = "\(self.path)/\(name)"
            let bytes = try File.read(file)
            do throws(CheckpointError) {
                let checkpoint = try Checkpoint(decoding: bytes)
                return Newest(checkpoint: checkpoint, name: name, skipped: skipped)
            } catch {
                skipped.append("\(file) is passed over: \(error.message)")
            }
        }
        return Newest(checkpoint: nil, name: nil, skipped: skipped)
    }

    /// Writes a checkpoint so that it is there whatever happens afterwards, and removes those that are too many.
    ///
    /// - Returns: The name of its file.
    @discardableResult
    public func write(_ bytes: [UInt8]) throws(CheckpointFailure) -> String {
        let files = try self.files()
        let number = (files.last?.number ?? 0) + 1
        let digits = String(number)
        let stem = Self.prefix + String(repeating: "0", count: max(0, Self.digitCount - digits.utf8.count)) + digits
        let (part, file) = ("\(self.path)/\(stem).part", "\(self.path)/\(stem)\(Self.suffix)")
        try File.write(bytes, to: part)
        guard rename(part, file) == 0 else { throw .system("rename", part) }
        try DirectoryHandle(self.path).synchronize()
        // One that stays takes room, and is tried again next time.
        for (name, _) in files.dropLast(Self.keptCount - 1) { unlink("\(self.path)/\(name)") }
        return stem + Self.suffix
    }

    /// Makes what was written to a file durable.
    public static func synchronize(_ path: String) throws(CheckpointFailure) { try File.synchronize(path) }

    private static let prefix = "checkpoint-"
    private static let suffix = ".vplc"
    private static let digitCount = 10

    /// The files of checkpoints, the oldest first.
    private func files() throws(CheckpointFailure) -> [(name: String, number: UInt64)] {
        let directory = try DirectoryHandle(self.path)
        var files: [(name: String, number: UInt64)] = []
        while let name = directory.nextName() {
            guard name.hasPrefix(Self.prefix), name.hasSuffix(Self.suffix),
                let number = UInt64(name.dropFirst(Self.prefix.count).dropLast(Self.suffix.count)), number < 1 << 62
            else { continue }
            files.append((name, number))
        }
        return files.sorted { $0.number < $1.number }
    }
}
