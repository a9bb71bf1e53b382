public import NIOCore

/// How long a request may take to come in, how large its head may be, and how long a connection may be silent. What a
/// body may hold is for its route to say.
public struct RequestLimits: Sendable {
    /// The time a head has, from its first byte to its last.
    public var headTime = TimeAmount.seconds(10)
    /// The time a body has, besides what its bytes take at `bodyBytesPerSecondMin`.
    public var bodyTime = TimeAmount.seconds(20)
    /// A body may come as slowly as this.
    public var bodyBytesPerSecondMin = 16 << 10
    /// A head with all its fields.
    public var headBytesMax = 64 << 10
    /// What is still read of a body whose request is answered already, so that the connection can go on.
    public var leftoverBytesMax = 4 << 20
    /// How long nothing may happen on a connection: before its first request, and between requests.
    public var silence = TimeAmount.seconds(90)

    public init() {}

    /// How long a body may be waited for of which so many bytes have come.
    func time(forBodyBytes count: Int) -> TimeAmount {
        self.bodyTime + .nanoseconds(Int64(Double(count) / Double(self.bodyBytesPerSecondMin) * 1_000_000_000))
    }
}
