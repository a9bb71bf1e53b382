/// Why bytes from a peer were not understood. The connection is closed; nothing of the frame is used.
struct WireError: Error, Hashable, CustomStringConvertible {
    var description: String
    static let truncated = WireError(description: "the frame ends too early")
    static let trailing = WireError(description: "the frame goes on after its end")
    static let checksum = WireError(description: "the frame's checksum is wrong")
    static func tooLong(_ what: String) -> WireError { WireError(description: "\(what) is longer than allowed") }
    static func malformed(_ what: String) -> WireError { WireError(description: "\(what) makes no sense") }
    static func unknown(_ what: String, _ value: UInt8) -> WireError {
        WireError(description: "unknown \(what) \(value)")
    }
}
