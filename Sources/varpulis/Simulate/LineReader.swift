import Engine
import Foundation

/// Reads a file line by line, with no more of it in memory than a line and a chunk.
struct LineReader {
    private let path: String
    private let handle: FileHandle
    private var buffer: [UInt8] = []
    private var position = 0
    private var isAtEnd = false
    /// The line given last was given in part.
    private(set) var isInLongLine = false
    /// Where in the file the line begins that comes next, and where the one did that was given last.
    private(set) var offset: Int
    private(set) var lineStart = 0

    private static let chunkBytes = 64 * 1024

    /// - Parameters:
    ///   - path: The file, or `-` for standard input.
    ///   - start: Where to begin.
    init(path: String, from start: SimulationPosition.Start = .init()) throws {
        guard let handle = path == "-" ? .standardInput : FileHandle(forReadingAtPath: path) else {
            throw FileFailure(description: "cannot read \(path)")
        }
        try start.seek(handle, path)
        self.offset = start.offset
        self.isInLongLine = start.isInLongLine
        self.path = path
        self.handle = handle
    }

    /// The next line without its newline. One that is longer than events may be is given in part, enough to be refused.
    mutating func next() throws -> [UInt8]? {
        if self.isInLongLine { try self.skipLine() }
        self.lineStart = self.offset
        var searched = self.position
        while true {
            let newline = self.buffer[searched...].firstIndex(of: UInt8(ascii: "\n"))
            let length = (newline ?? self.buffer.count) - self.position
            if length > EventLimits.payloadBytesMax {
                // As much wherever reading began, and however much of the file is there.
                let end = self.position + EventLimits.payloadBytesMax + 1
                let line = Array(self.buffer[self.position..<end])
                self.offset += line.count
                self.position = end
                self.isInLongLine = true
                return line
            }
            if let newline {
                let line = Array(self.buffer[self.position..<newline])
                self.offset += line.count + 1
                self.position = newline + 1
                return line
            }
            if self.isAtEnd, length > 0 {
                let line = Array(self.buffer[self.position...])
                self.offset += line.count
                self.position = self.buffer.count
                return line
            }
            if self.isAtEnd { return nil }
            try self.fill()
            searched = length
        }
    }

    private mutating func skipLine() throws {
        self.isInLongLine = false
        while true {
            if let newline = self.buffer[self.position...].firstIndex(of: UInt8(ascii: "\n")) {
                self.offset += newline + 1 - self.position
                self.position = newline + 1
                return
            }
            self.offset += self.buffer.count - self.position
            self.position = self.buffer.count
            if self.isAtEnd { return }
            try self.fill()
        }
    }

    /// Appends a chunk to what is left of the buffer, which then begins at the position.
    private mutating func fill() throws {
        self.buffer.removeFirst(self.position)
        self.position = 0
        let chunk: Data?
        do {
            chunk = try self.handle.read(upToCount: Self.chunkBytes)
        } catch {
            throw FileFailure(description: "cannot read \(self.path)")
        }
        if let chunk, !chunk.isEmpty { self.buffer.append(contentsOf: chunk) } else { self.isAtEnd = true }
    }
}
