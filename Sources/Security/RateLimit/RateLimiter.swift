import NIOCore
import Synchronization

/// Limits how many requests each client address makes, on any thread.
public final class RateLimiter: Sendable {
    private let limits: Mutex<RateLimits>

    /// `perSecond`: at least 1; twice as many are admitted at once.
    public init(perSecond: Int) { self.limits = Mutex(RateLimits(perSecond: perSecond)) }

    /// Nil if a request is admitted now, else after how many whole seconds one will be.
    public func take(from client: ClientAddress) -> Int? {
        let now = Int64(NIODeadline.now().uptimeNanoseconds)
        return self.limits.withLock { $0.take(from: client, at: now) }.map { Int(($0 - 1) / 1_000_000_000) + 1 }
    }

    /// A request that was admitted will ask again elsewhere.
    public func giveBack(to client: ClientAddress) { self.limits.withLock { $0.giveBack(to: client) } }

    /// The body of a refusal (status 429), as the contract has it.
    public static func body(retryAfterSeconds seconds: Int) -> [UInt8] {
        Array(
            #"{"error":"rate_limited","message":"Too many requests","retry_after_seconds":\#(seconds)}"#.utf8
        )
    }
}
