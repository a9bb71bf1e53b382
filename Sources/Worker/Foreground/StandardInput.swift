import Engine
import Glibc

/// Events from the process's standard input, line by line as in event files; those without a time have that of their
/// arrival.
enum StandardInput {
    private static let chunkBytes = 64 * 1024

    /// Reads to the end, or until the pipeline takes no more. Blocks the calling thread while the pipeline is full.
    static func read(
        into pipeline: RunningPipeline,
        _ rejected: (EventFileError, [UInt8]) -> Void
    ) {
        var reader = EventFileReader()
        var rest: [UInt8] = []
        var isInRefusedLine = false
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkBytes, alignment: 1)
        defer { chunk.deallocate() }
        while true {
            let count = Glibc.read(STDIN_FILENO, chunk.baseAddress, chunk.count)
            if count < 0 && errno == EINTR { continue }
            if count > 0 { rest.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[..<count])) }
            reader.setArrival(WallClock.nanoseconds())
            var events: [Event] = []
            func take(_ line: ArraySlice<UInt8>) {
                // The rest of a line that was too long.
                if isInRefusedLine {
                    isInRefusedLine = false
                    return
                }
                do throws(EventFileError) {
                    if let event = try reader.read(Array(line)) { events.append(event) }
                } catch {
                    rejected(error, Array(line))
                }
            }
            var start = 0
            while let newline = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                take(rest[start..<newline])
                start = newline + 1
            }
            rest.removeFirst(start)
            if count <= 0, !rest.isEmpty { take(rest[...]) }
            if rest.count > EventLimits.payloadBytesMax {
                if !isInRefusedLine { take(rest[...]) }
                isInRefusedLine = true
                rest.removeAll()
            }
            if !events.isEmpty, !pipeline.add(EventBatch(content: .events(events))) { return }
            if count <= 0 { return }
        }
    }
}
