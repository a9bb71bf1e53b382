/// The pauses between attempts to connect: a quick first one, because most losses are a broker's restart or a moment of
/// the network, then 1, 2, 4, 8, 16 and, for ever, 30 seconds. Each is shortened by up to a quarter at random, so that
/// many clients of a broker do not come back at the same moment.
struct Backoff {
    private static let pausesMilliseconds = [250, 1000, 2000, 4000, 8000, 16_000, 30_000]
    private var attempts = 0

    mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let pause = Self.pausesMilliseconds[min(self.attempts, Self.pausesMilliseconds.count - 1)]
        self.attempts += 1
        return .milliseconds(Int.random(in: (pause - pause / 4)...pause, using: &generator))
    }

    mutating func reset() {
        self.attempts = 0
    }
}
