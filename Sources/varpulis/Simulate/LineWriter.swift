import Foundation

/// Writes lines to a file through a buffer.
struct LineWriter {
    private let path: String
    private let handle: FileHandle
    private var buffer: [UInt8] = []

    private static let bufferBytes = 64 * 1024

    /// - Parameters:
    ///   - path: The file, or `-` for standard output.
    ///   - length: How much of a file that is there is kept, if not all of it or nothing.
    init(path: String, appends: Bool, keeping length: Int? = nil) throws(FileFailure) {
        self.path = path
        if path == "-" {
            self.handle = .standardOutput
            return
        }
        let mode = appends || length != nil ? O_APPEND : O_TRUNC
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | mode, 0o666)
        guard descriptor >= 0 else { throw FileFailure(description: "cannot write \(path)") }
        self.handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard let length, let there = self.length else { return }
        guard there >= length else {
            throw FileFailure(description: "\(path) has \(there) bytes, and had \(length) at the checkpoint")
        }
        guard ftruncate(descriptor, off_t(length)) == 0 else { throw FileFailure(description: "cannot write \(path)") }
    }

    /// How long the file is without what is buffered; nil for what is no file.
    var length: Int? {
        // Nil says that it is no file, or none that can be asked.
        let attributes = try? FileManager.default.attributesOfItem(atPath: self.file)
        guard let attributes, attributes[.type] as? FileAttributeType == .typeRegular else { return nil }
        return attributes[.size] as? Int
    }

    /// The path of the file without links and dots.
    var file: String { realpath(self.path) ?? self.path }

    /// Writes what is buffered, and notes how long the file is then.
    mutating func note(in position: inout SimulationPosition) throws(FileFailure) {
        try self.flush()
        if let length = self.length { position.files[self.file] = length }
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
