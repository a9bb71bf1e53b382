import Testing

@testable import Worker

@Suite struct CircuitBreakerTests {
    private static let start = ContinuousClock.now

    private static func at(_ seconds: Int) -> ContinuousClock.Instant { Self.start + .seconds(seconds) }

    /// One that has just opened.
    private static func open() -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for _ in 0..<5 { breaker.failed(at: Self.at(0)) }
        return breaker
    }

    @Test func `five failures in a row open it, four and a success do not`() {
        var breaker = CircuitBreaker()
        for _ in 0..<3 {
            for _ in 0..<4 { breaker.failed(at: Self.at(0)) }
            let isStillTried = breaker.admits(at: Self.at(0))
            #expect(isStillTried)
            breaker.succeeded()
        }
        for _ in 0..<5 { breaker.failed(at: Self.at(0)) }
        #expect(breaker.state == .open(until: Self.at(30)))
        let isTriedWhileOpen = breaker.admits(at: Self.at(29))
        #expect(!isTriedWhileOpen)
    }

    @Test func `after half a minute one delivery decides`() {
        var good = Self.open()
        let isProbed = good.admits(at: Self.at(30))
        #expect(isProbed)
        #expect(good.state == .halfOpen)
        let isTriedBesideProbe = good.admits(at: Self.at(31))
        #expect(!isTriedBesideProbe)
        var (bad, undecided) = (good, good)
        good.succeeded()
        #expect(good.state == .closed)
        good.failed(at: Self.at(32))
        let isTriedOnceClosed = good.admits(at: Self.at(32))
        #expect(isTriedOnceClosed)
        bad.failed(at: Self.at(32))
        #expect(bad.state == .open(until: Self.at(62)))
        undecided.abandoned(at: Self.at(32))
        let isProbedAgain = undecided.admits(at: Self.at(32))
        #expect(isProbedAgain)
        #expect(undecided.state == .halfOpen)
    }
}
