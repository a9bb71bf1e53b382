/// A moment of the world's own time, in microseconds.
typealias Moment = UInt64

extension Moment {
    static func seconds(_ count: UInt64) -> Moment { count * 1_000_000 }
    static func milliseconds(_ count: UInt64) -> Moment { count * 1_000 }
}

/// A machine's clock: it shows the world's time, a little faster or slower. It goes on while a process is stopped.
struct Clock {
    /// In thousandths.
    let rate: UInt64

    /// What it shows, in nanoseconds.
    func nanoseconds(at moment: Moment) -> UInt64 { moment * self.rate }

    /// How long the world takes for that many of its own microseconds.
    func span(_ own: UInt64) -> UInt64 { own * 1_000 / self.rate + 1 }
}

/// A number over everything that was mixed into it, the same on every machine.
struct Fingerprint {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func mix(_ word: UInt64) {
        self.value = (self.value ^ word) &* 0x0000_0100_0000_01b3
    }
}
