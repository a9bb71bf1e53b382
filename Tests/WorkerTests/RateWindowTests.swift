import Testing

@testable import Worker

@Suite struct RateWindowTests {
    private let start = ContinuousClock.now

    @Test func `a window has room for so many events, and the next one for as many again`() {
        var window = RateWindow(eventsMax: 100)
        #expect(window.admit(60, at: self.start) == nil)
        #expect(window.admit(41, at: self.start + .milliseconds(300)) == .milliseconds(700))
        #expect(window.admit(40, at: self.start + .milliseconds(300)) == nil)
        #expect(window.admit(1, at: self.start + .milliseconds(999)) == .milliseconds(1))
        #expect(window.admit(100, at: self.start + .seconds(1)) == nil)
        #expect(window.admit(1, at: self.start + .milliseconds(1500)) == .milliseconds(500))
    }

    @Test func `a stream goes on while there is room, and pays for what was too much later`() {
        var window = RateWindow(eventsMax: 100)
        #expect(window.admitNext(250, at: self.start) == nil)
        #expect(window.admitNext(1, at: self.start + .milliseconds(900)) == .milliseconds(100))
        #expect(window.admitNext(1, at: self.start + .milliseconds(1400)) == .milliseconds(600))
        #expect(window.admitNext(1, at: self.start + .milliseconds(2000)) == nil)
        #expect(window.admit(50, at: self.start + .milliseconds(2000)) == .seconds(1))
        #expect(window.admit(49, at: self.start + .milliseconds(2000)) == nil)
    }

    @Test func `a long silence leaves nothing to pay`() {
        var window = RateWindow(eventsMax: .max)
        #expect(window.admitNext(1_000, at: self.start) == nil)
        #expect(window.admit(.max, at: self.start + .seconds(1_000_000)) == nil)
    }
}
