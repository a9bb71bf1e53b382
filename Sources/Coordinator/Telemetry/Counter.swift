import Synchronization

/// A number that only grows. Counting takes one relaxed atomic addition.
final class Counter: Sendable {
    private let number = Atomic<UInt64>(0)

    func add(_ more: UInt64 = 1) { self.number.wrappingAdd(more, ordering: .relaxed) }
    var value: UInt64 { self.number.load(ordering: .relaxed) }
}
