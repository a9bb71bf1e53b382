import NIOCore

/// What a listener is sent, in the notation of server-sent events.
enum EventStreamText {
    static let contentType = "text/event-stream"

    /// A comment, which keeps what lies between from closing a silent connection.
    static var silence: ByteBuffer { ByteBuffer(string: ": keep-alive\n\n") }

    /// JSON has no newline outside of texts and none inside them, so one line holds it.
    static func event(_ json: [UInt8]) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: json.count + 8)
        buffer.writeString("data: ")
        buffer.writeBytes(json)
        buffer.writeString("\n\n")
        return buffer
    }

    static func skipped(_ count: UInt64) -> ByteBuffer {
        ByteBuffer(string: "event: warning\ndata: {\"warning\":\"skipped \(count) events\"}\n\n")
    }
}
