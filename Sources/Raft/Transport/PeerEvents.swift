public import NIOCore
public import RaftCore

/// What a transport tells its owner, and asks of it.
public struct PeerEvents: Sendable {
    /// Messages of one read, in the order they came. On the transport's event loop.
    public var messages: @Sendable ([Envelope]) -> Void
    /// A member has proved who it is and which disk it lives on. On the transport's event loop.
    public var met: @Sendable (NodeID, Incarnation) -> Void
    /// The host of a member closed its connection: its process has ended. On the transport's event loop.
    public var lost: @Sendable (NodeID) -> Void
    /// `PeerTransport.status` is another one. On the transport's event loop.
    public var statusChanged: @Sendable () -> Void
    /// A member wants an answer. Called on the connection's event loop, so it must not wait there.
    public var call: @Sendable (PeerCall) -> Void
    /// A member wants a chunk: to be answered with it, or with nothing if it is not here. As with `call`.
    public var chunk: @Sendable (_ number: UInt32, _ of: Snapshot.ID, PeerCall) -> Void

    public init(
        messages: @escaping @Sendable ([Envelope]) -> Void,
        met: @escaping @Sendable (NodeID, Incarnation) -> Void = { _, _ in },
        lost: @escaping @Sendable (NodeID) -> Void = { _ in },
        statusChanged: @escaping @Sendable () -> Void = {},
        call: @escaping @Sendable (PeerCall) -> Void,
        chunk: @escaping @Sendable (UInt32, Snapshot.ID, PeerCall) -> Void = { $2.answer(ByteBuffer()) }
    ) {
        self.messages = messages
        self.met = met
        self.lost = lost
        self.statusChanged = statusChanged
        self.call = call
        self.chunk = chunk
    }
}

/// What another member asks.
public struct PeerCall: Sendable {
    /// As its handshake has proved.
    public var from: NodeID
    /// As long as a frame may be, and not checked by anybody.
    public var body: ByteBuffer
    /// Where `answer` costs no hop.
    public var eventLoop: any EventLoop
    let send: @Sendable (ByteBuffer) -> Void

    /// The longest body of a call, and of an answer.
    public static var bodyBytesMax: Int { Lane.calls.bodyBytesMax }

    /// To be called once, on any thread.
    public func answer(_ body: ByteBuffer) { self.send(body) }

    /// Answers with what `work` comes to.
    public func answer(_ work: @escaping @Sendable () async -> ByteBuffer) {
        // Ends with the answer; when the connection is gone by then, nobody waits for it any more.
        Task { self.send(await work()) }
    }
}

/// Why a call to another member has no answer.
public struct CallError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
    /// Whether the request may have reached the other member: if not, it is safe to try elsewhere.
    public var mayHaveArrived: Bool

    static let notConnected = CallError(description: "the member is not connected", mayHaveArrived: false)
    /// Nothing was sent: too much waits on the connection already.
    public static let congested = CallError(description: "the connection to the member is full", mayHaveArrived: false)
    static let tooLarge = CallError(description: "the request is larger than a frame", mayHaveArrived: false)
    static let lost = CallError(description: "the connection was lost before the answer came", mayHaveArrived: true)
    /// Another member leads now; the one that was asked may never answer.
    public static let superseded = CallError(description: "another member leads now", mayHaveArrived: true)
    static let timedOut = CallError(description: "the member did not answer in time", mayHaveArrived: true)
}
