public import NIOCore
public import RaftCore

/// What a transport tells its owner. Called on the transport's event loop.
public struct PeerEvents: Sendable {
    /// Messages of one read, in the order they came.
    public var messages: @Sendable ([Envelope]) -> Void
    /// A member wants an answer. Called off the loop; what it returns is sent back.
    public var call: @Sendable (_ from: NodeID, _ body: ByteBuffer) async -> ByteBuffer

    public init(
        messages: @escaping @Sendable ([Envelope]) -> Void,
        call: @escaping @Sendable (NodeID, ByteBuffer) async -> ByteBuffer
    ) {
        self.messages = messages
        self.call = call
    }
}

/// Why a call to another member has no answer.
public struct CallError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
    /// Whether the request may have reached the other member: if not, it is safe to try elsewhere.
    public var mayHaveArrived: Bool

    static let notConnected = CallError(description: "the member is not connected", mayHaveArrived: false)
    static let congested = CallError(description: "the connection to the member is full", mayHaveArrived: false)
    static let tooLarge = CallError(description: "the request is larger than a frame", mayHaveArrived: false)
    static let lost = CallError(description: "the connection was lost before the answer came", mayHaveArrived: true)
    /// Another member leads now; the one that was asked may never answer.
    public static let superseded = CallError(description: "another member leads now", mayHaveArrived: true)
    static let timedOut = CallError(description: "the member did not answer in time", mayHaveArrived: true)
}
