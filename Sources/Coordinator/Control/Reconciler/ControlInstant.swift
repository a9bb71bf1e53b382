/// A moment on the leader's own monotonic clock, counted from an origin that the driver picks. The planner only
/// compares such moments; it never asks for the time.
public struct ControlInstant: InstantProtocol, Sendable {
    public var sinceOrigin: Duration

    public init(sinceOrigin: Duration) { self.sinceOrigin = sinceOrigin }

    public func advanced(by duration: Duration) -> ControlInstant {
        ControlInstant(sinceOrigin: self.sinceOrigin + duration)
    }

    public func duration(to other: ControlInstant) -> Duration { other.sinceOrigin - self.sinceOrigin }

    public static func < (a: ControlInstant, b: ControlInstant) -> Bool { a.sinceOrigin < b.sinceOrigin }
}
