/// Calls the heartbeat loop: something changed that coordinators should hear of now.
///
/// Calls while it is busy count as one.
struct Attention: Sendable {
    let rings: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (self.rings, self.continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func call() {
        self.continuation.yield()
    }
}
