/// Counts events in windows of one second, each of which may have only so many.
struct RateWindow {
    let eventsMax: Int
    private var start: ContinuousClock.Instant?
    private var count = 0

    static let length: Duration = .seconds(1)

    init(eventsMax: Int) { self.eventsMax = eventsMax }

    /// Counts events that must all fit into the window. Returns nil when they do, and else how long it is until the next
    /// one, with none of them counted.
    mutating func admit(_ events: Int, at now: ContinuousClock.Instant) -> Duration? {
        let rest = self.advance(to: now)
        guard events <= self.eventsMax - self.count else { return rest }
        self.count += events
        return nil
    }

    /// Counts the next events of a stream, which go through as soon as the window has any room; what is more than its
    /// room counts in the windows after it.
    mutating func admitNext(_ events: Int, at now: ContinuousClock.Instant) -> Duration? {
        let rest = self.advance(to: now)
        guard self.count < self.eventsMax else { return rest }
        self.count += events
        return nil
    }

    /// Begins new windows as time passes. Returns what is left of the one that holds `now`.
    private mutating func advance(to now: ContinuousClock.Instant) -> Duration {
        guard let start, now >= start else {
            self.start = now
            self.count = 0
            return Self.length
        }
        let windows = Int((now - start) / Self.length)
        self.start = start + Self.length * windows
        let (spent, overflow) = windows.multipliedReportingOverflow(by: self.eventsMax)
        self.count = overflow ? 0 : max(0, self.count - spent)
        return Self.length * (windows + 1) - (now - start)
    }
}
