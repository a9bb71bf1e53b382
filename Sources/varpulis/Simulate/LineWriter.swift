import Foundation

/// Writes lines to a file through a buffer.
struct LineWriter {
    private let path: String
    private let handle: FileHandle
    private var buffer: [UInt8] = []

    private static let bufferBytes = 64 * 1024

    /// - Parameter path: The file, or `-` for standard output.
    init(path: String, appends: Bool) throws(FileFailure) {
        self.path = path
        if path == "-" {
            self.handle = .standardOutput
            return
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (appends ? O_APPEND : O_TRUNC), 0o666)
        guard descriptor >= 0 else { throw FileFailure(description: "cannot write \(path)") }
        self.handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    mutating func write(_ line: [UInt8]) throws(FileFailure) {
        self.buffer.append(contentsOf: line)
        self.buffer.append(UInt8(ascii: "\n"))
        if self.buffer.count >= Self.bufferBytes { try self.flush() }
    }

    /// Writes lines that have their newlines.
    mutating func write(lines: UnsafeBufferPointer<UInt8>) throws(FileFailure) {
        self.buffer.append(contentsOf: lines)
        if self.buffer.count >= Self.bufferBytes { try self.flush() }
    }

    mutating func flush() throws(FileFailure) {
        guard !self.buffer.isEmpty else { return }
        do {
            try self.handle.write(contentsOf: Data(self.buffer))
        } catch {
            throw FileFailure(description: "cannot write \(self.path)")
        }
        self.buffer.removeAll(keepingCapacity: true)
    }
}
