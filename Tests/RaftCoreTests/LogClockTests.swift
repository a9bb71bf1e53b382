import Testing

@testable import RaftCore

@Suite("The log's time")
struct LogClockTests {
    @Test("does not leap with a clock that was set, nor with a leader whose clock is ahead")
    func leaps() {
        let second: UInt64 = 1_000_000_000
        let hour: UInt64 = 3_600_000
        func milliseconds(_ value: UInt64) -> LogTime { LogTime(milliseconds: value) }
        var first = LogClock(after: .zero, now: Instant(nanoseconds: 5))
        // The first stamp of all is whatever the clock says.
        #expect(first.stamp(milliseconds(hour), after: .zero, now: .zero) == milliseconds(hour))
        let later = Instant(nanoseconds: 60 * second)
        #expect(
            first.stamp(milliseconds(hour + 60_000), after: milliseconds(hour), now: later).milliseconds == hour
                + 60_000
        )
        let leapt = first.stamp(milliseconds(9 * hour), after: milliseconds(hour + 60_000), now: later)
        #expect(leapt.milliseconds == hour + 120_000 + LogClock.spareMilliseconds)
        // It catches up, and does not go back while the clock is behind.
        let latest = Instant(nanoseconds: 7_200 * second)
        #expect(first.stamp(milliseconds(3 * hour), after: leapt, now: latest).milliseconds == 3 * hour)
        #expect(first.stamp(milliseconds(2), after: milliseconds(3 * hour), now: latest).milliseconds == 3 * hour)

        var next = LogClock(after: milliseconds(hour), now: later)
        let ahead = next.stamp(milliseconds(9 * hour), after: milliseconds(hour), now: later)
        #expect(ahead.milliseconds == hour + LogClock.spareMilliseconds)
        #expect(next.stamp(milliseconds(.max), after: ahead, now: .never).milliseconds > 9 * hour)
    }

    @Test("is that of the entries' stamps")
    func stamps() {
        var bench = Bench()
        bench.win()
        for (id, wall, stamp) in [(UInt64(1), UInt64(100), UInt64(100)), (2, 5_000, 1_100), (3, 1_050, 1_100)] {
            bench.step(.proposals([Proposal(id: ProposalID(id), payload: [])], time: LogTime(milliseconds: wall)))
            #expect(bench.effects.writes.last?.entries.last?.time == LogTime(milliseconds: stamp))
        }
    }
}
