/// A bell that wakes the reconciler before its time. Rings while it is at work are one ring.
final class Attention: Sendable {
    let rings: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (self.rings, self.continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func call() { self.continuation.yield() }
}
