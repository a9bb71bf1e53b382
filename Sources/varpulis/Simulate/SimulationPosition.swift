import Engine
import Foundation
import Glibc

/// Where a simulation stood at a checkpoint: how far its input was read, and how long the files were that it wrote.
struct SimulationPosition {
    /// Where in a file to begin.
    struct Start {
        var offset = 0
        /// The offset lies in a line that was too long and is refused already.
        var isInLongLine = false

        /// Goes there; standard input has no places.
        func seek(_ handle: FileHandle, _ path: String) throws {
            guard self.offset > 0 else { return }
            let length = try? handle.seekToEnd()  // a pipe has none, and that is told of below
            guard let length, length >= self.offset else {
                throw FileFailure(description: "\(path) has not the \(self.offset) bytes that were read of it")
            }
            try handle.seek(toOffset: UInt64(self.offset))
        }
    }

    /// The file of the events, without links and dots; nil for what is no file.
    var input: String?
    var start = Start()
    var reader = EventFileReader()
    /// How long each file was.
    var files: [String: Int] = [:]

    /// How long a file was that is there.
    func length(of path: String) -> Int? { realpath(path).flatMap { self.files[$0] } }

    /// Where to begin in a file of events, which may be another one than before: then at its beginning.
    func start(in path: String) -> (Start, EventFileReader) {
        if let input = self.input, input == realpath(path) { return (self.start, self.reader) }
        var reader = self.reader
        reader.beginFile()
        return (Start(), reader)
    }

    // MARK: - In a checkpoint

    private static let inputName = "input"
    private static let readerName = "reader"
    private static let filePrefix = "file "

    /// By name, as a checkpoint keeps it. The input is its offset, 1 in a long line and 0 otherwise, and its path: `1024 0 /e`.
    var positions: [String: [UInt8]] {
        var positions = [Self.readerName: self.reader.saved]
        if let input = self.input {
            let text = "\(self.start.offset) \(self.start.isInLongLine ? 1 : 0) \(input)"
            positions[Self.inputName] = Array(text.utf8)
        }
        for (file, length) in self.files { positions[Self.filePrefix + file] = Array(String(length).utf8) }
        return positions
    }

    init() {}

    init(_ positions: [String: [UInt8]]) throws {
        func unknown(_ name: String) -> FileFailure {
            FileFailure(description: "the checkpoint was not taken by a simulation: it has no \(name) as one would")
        }
        guard let reader = positions[Self.readerName] else { throw unknown(Self.readerName) }
        self.reader = try EventFileReader(restoring: reader)
        if let bytes = positions[Self.inputName] {
            let parts = String(decoding: bytes, as: UTF8.self).split(separator: " ", maxSplits: 2)
            guard parts.count == 3, let offset = Int(parts[0]), offset >= 0 else { throw unknown(Self.inputName) }
            self.input = String(parts[2])
            self.start = Start(offset: offset, isInLongLine: parts[1] == "1")
        }
        for (name, bytes) in positions where name.hasPrefix(Self.filePrefix) {
            guard let length = Int(String(decoding: bytes, as: UTF8.self)), length >= 0 else { throw unknown(name) }
            self.files[String(name.dropFirst(Self.filePrefix.count))] = length
        }
    }
}

/// The path of a file that is there, without links and dots; nil for what is no file.
func realpath(_ path: String) -> String? {
    guard path != "-", let resolved = Glibc.realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
}
