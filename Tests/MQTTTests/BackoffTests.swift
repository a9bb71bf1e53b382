import Testing

@testable import MQTT

@Suite struct BackoffTests {
    @Test func `pauses grow to thirty seconds and stay there, each shortened by a quarter at most`() {
        var generator = SystemRandomNumberGenerator()
        var backoff = Backoff()
        let nominal = [0.25, 1, 2, 4, 8, 16, 30, 30, 30]
        for pause in nominal {
            let next = backoff.next(using: &generator)
            #expect(next <= .seconds(pause))
            #expect(next >= .seconds(pause * 0.75))
        }
        backoff.reset()
        #expect(backoff.next(using: &generator) <= .milliseconds(250))
    }
}
