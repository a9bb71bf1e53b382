/// Stamps the entries of one term, so that the log's time neither goes back nor leaps.
///
/// What lives by the log's time (sessions, remembered requests) must not expire all at once because somebody set a clock,
/// or because a member whose clock is wrong was elected. So the time begins where the log has got, and then goes forward
/// at most twice as fast as the leader's monotonic clock, with a second to spare: behind a clock far ahead of it, it
/// catches up at that pace.
struct LogClock: Sendable {
    static let spareMilliseconds: UInt64 = 1_000
    private var start: LogTime
    private var moment: Instant

    /// `time` is that of the last entry before the term.
    init(after time: LogTime, now: Instant) {
        self.start = time
        self.moment = now
    }

    /// `wall` is the driver's clock, `last` the time of the last entry.
    mutating func stamp(_ wall: LogTime, after last: LogTime, now: Instant) -> LogTime {
        if self.start == .zero {
            // Nothing was stamped before: any clock is as good as another.
            self.start = wall
            self.moment = now
        }
        let pace = now.since(self.moment) / 500_000
        let limit = self.start.milliseconds.addingSaturating(pace).addingSaturating(Self.spareMilliseconds)
        return max(last, min(wall, LogTime(milliseconds: limit)))
    }
}
