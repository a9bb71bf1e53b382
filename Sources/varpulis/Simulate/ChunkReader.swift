import Engine
import Foundation

/// Reads a file in large pieces that begin and end where the reader of its lines wants them to.
struct ChunkReader: ~Copyable {
    private let path: String
    private let handle: FileHandle
    private let buffer: UnsafeMutablePointer<UInt8>
    private var filled = 0
    private var isAtEnd = false

    /// More than a line may have, and enough for some thousand usual ones.
    static let usualCapacity = 2 * EventLimits.payloadBytesMax
    private let capacity: Int

    /// - Parameters:
    ///   - path: The file, or `-` for standard input.
    ///   - capacity: How much is read at once; `usualCapacity` or more.
    ///   - start: Where to begin.
    init(
        path: String,
        capacity: Int = Self.usualCapacity,
        from start: SimulationPosition.Start = .init()
    ) throws {
        guard let handle = path == "-" ? .standardInput : FileHandle(forReadingAtPath: path) else {
            throw FileFailure(description: "cannot read \(path)")
        }
        try start.seek(handle, path)
        self.path = path
        self.handle = handle
        self.capacity = capacity
        self.buffer = .allocate(capacity: capacity + BatchPipeline.paddingBytes)
    }

    deinit { self.buffer.deallocate() }

    /// Gives `take` what is there and not taken yet, until all of the file is taken. It returns how many bytes it took: all
    /// whole lines, and the rest too when told that nothing follows.
    mutating func forEachChunk(_ take: (UnsafeBufferPointer<UInt8>, _ isLast: Bool) throws -> Int) throws {
        repeat {
            try self.fill()
            (self.buffer + self.filled).update(repeating: 0, count: BatchPipeline.paddingBytes)
            let taken = try take(UnsafeBufferPointer(start: self.buffer, count: self.filled), self.isAtEnd)
            self.filled -= taken
            self.buffer.update(from: self.buffer + taken, count: self.filled)
        } while !self.isAtEnd
    }

    private mutating func fill() throws {
        while true {
            let count = read(self.handle.fileDescriptor, self.buffer + self.filled, self.capacity - self.filled)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw FileFailure(description: "cannot read \(self.path)") }
            self.isAtEnd = count == 0
            self.filled += count
            return
        }
    }
}
