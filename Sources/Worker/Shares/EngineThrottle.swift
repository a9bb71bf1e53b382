import Synchronization
import Threads

/// Slows an engine down to a share of a processor: it rests after each batch for as long as its share asks for.
///
/// Written by the governor, read by the engine; the numbers are looked at by everybody.
final class EngineThrottle: Sendable {
    /// In thousandths of a processor; this many for no limit.
    static let unlimited = 1_000

    private let thousandths = Atomic(EngineThrottle.unlimited)
    private let restedNanoseconds = Atomic<UInt64>(0)
    private let ranNanoseconds = Atomic<UInt64>(0)
    private let isEnding = Monitor(false)

    /// No rest is longer: whoever waits for an answer waits for the engine as well.
    private static let restMax: Duration = .seconds(1)

    /// The share of a processor that it may use.
    var share: Double { Double(self.thousandths.load(ordering: .relaxed)) / Double(Self.unlimited) }
    var isLimited: Bool { self.thousandths.load(ordering: .relaxed) < Self.unlimited }
    var restedSeconds: Double { Double(self.restedNanoseconds.load(ordering: .relaxed)) / 1_000_000_000 }
    var ranSeconds: Double { Double(self.ranNanoseconds.load(ordering: .relaxed)) / 1_000_000_000 }

    func set(share: Double, ranNanoseconds: UInt64) {
        let thousandths = Int((share * Double(Self.unlimited)).rounded())
        self.thousandths.store(min(max(thousandths, 1), Self.unlimited), ordering: .relaxed)
        self.ranNanoseconds.store(ranNanoseconds, ordering: .relaxed)
    }

    /// Called by the engine after it was busy for so long.
    func rest(after busy: Duration) {
        let thousandths = self.thousandths.load(ordering: .relaxed)
        guard thousandths < Self.unlimited else { return }
        let rest = min(busy * (Self.unlimited - thousandths) / thousandths, Self.restMax)
        let started = ContinuousClock.now
        _ = self.isEnding.wait(atMost: rest) { $0 ? true : nil }
        self.restedNanoseconds.add(UInt64((ContinuousClock.now - started) / .nanoseconds(1)), ordering: .relaxed)
    }

    /// From here on it rests no more.
    func end() { self.isEnding.change { $0 = true } }
}
