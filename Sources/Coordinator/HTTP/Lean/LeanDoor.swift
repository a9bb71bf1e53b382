import NIOCore
import Security

/// Tells which requests of one connection the lean path carries out: those that whoever sent them may send, and not too
/// often. All others are the router's, which refuses them in words. Lives on the connection's event loop.
final class LeanDoor {
    private let lean: LeanPath
    private let keys: KeyMemory
    /// Whether nobody is asked for a key.
    private let isOpen: Bool
    private let limiter: RateLimiter?
    private let client: () -> ClientAddress
    private lazy var address = self.client()

    /// `client`: asked when a request is there.
    init(_ lean: LeanPath, _ gate: Gate, client: @escaping () -> ClientAddress) {
        self.lean = lean
        self.keys = KeyMemory(gate.keys)
        self.isOpen = gate.keys.isOpen
        self.limiter = gate.limiter
        self.client = client
    }

    func work(for head: RequestHead) -> LeanTable.Work? {
        // One that names its origin is not plain, and so the router's in any case.
        if self.isOpen, !head.isForLoopback { return nil }
        return self.keys.caller(showing: head.key).flatMap { self.lean.table.work(for: head, by: $0) }
    }

    func carryOut(
        _ work: LeanTable.Work,
        _ body: ByteBuffer,
        on loop: any EventLoop,
        _ done: @escaping @Sendable (LeanPath.Outcome) -> Void
    ) {
        guard let limiter, work.isLimited else { return self.lean.carryOut(work, body, on: loop, done) }
        let address = self.address
        if limiter.take(from: address) != nil { return done(.left) }
        self.lean.carryOut(work, body, on: loop) { outcome in
            if case .left = outcome { limiter.giveBack(to: address) }  // the router will take it again
            done(outcome)
        }
    }
}

extension LeanTable.Work {
    /// Whether there is a limit to how often such a request may come.
    fileprivate var isLimited: Bool { RateLimitedRequests.contain(self.endpoint.method, self.target) }
}
