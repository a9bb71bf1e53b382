import Ownership
import Testing

@Suite struct LeaseOwnershipTests {
    private static let start = ContinuousClock.now

    private static func at(_ seconds: Int) -> ContinuousClock.Instant { Self.start + .seconds(seconds) }

    /// A lease of ten seconds, confirmed at 0 and answered for at 1.
    private static func owning() -> LeaseOwnership<ContinuousClock.Instant> {
        var machine = LeaseOwnership(duration: .seconds(10), confirmedAt: Self.at(0))
        var effects: [OwnershipEffect] = []
        machine.start(&effects)
        machine.coordinatorAnswered(.current, attempt: 1, now: Self.at(1), &effects)
        #expect(effects == [.askCoordinator(attempt: 1), .unmute])
        return machine
    }

    @Test func `it publishes from the answer to the end of the lease`() {
        var machine = Self.owning()
        var effects: [OwnershipEffect] = []
        #expect(machine.deadline == Self.at(10))
        machine.clockAdvanced(to: Self.at(9), &effects)
        #expect(machine.isOwning)
        machine.confirmed(sentAt: Self.at(5), now: Self.at(9), &effects)
        #expect(machine.deadline == Self.at(15))
        machine.clockAdvanced(to: Self.at(14), &effects)
        #expect(effects == [])
        machine.clockAdvanced(to: Self.at(15), &effects)
        #expect(effects == [.mute])
        #expect(!machine.isOwning)
    }

    @Test func `a confirmation after the end is not enough, the assignment is asked for`() {
        var machine = Self.owning()
        var effects: [OwnershipEffect] = []
        // Sent at 9, and its answer came long after the lease had run out.
        machine.confirmed(sentAt: Self.at(9), now: Self.at(12), &effects)
        #expect(effects == [.mute, .askCoordinator(attempt: 2)])
        effects = []
        machine.coordinatorAnswered(.current, attempt: 2, now: Self.at(13), &effects)
        #expect(effects == [.unmute])
        #expect(machine.deadline == Self.at(19))
    }

    @Test func `a confirmation that took longer than the lease is worth nothing`() {
        var machine = Self.owning()
        var effects: [OwnershipEffect] = []
        machine.confirmed(sentAt: Self.at(9), now: Self.at(20), &effects)
        #expect(effects == [.mute])
    }

    @Test func `an answer that comes after the lease waits for the next confirmation`() {
        var machine = LeaseOwnership(duration: .seconds(10), confirmedAt: Self.at(0))
        var effects: [OwnershipEffect] = []
        machine.start(&effects)
        machine.coordinatorAnswered(.current, attempt: 1, now: Self.at(10), &effects)
        #expect(!machine.isOwning)
        machine.confirmed(sentAt: Self.at(11), now: Self.at(12), &effects)
        machine.coordinatorAnswered(.none, attempt: 2, now: Self.at(14), &effects)
        #expect(!machine.isOwning)
        machine.confirmed(sentAt: Self.at(15), now: Self.at(16), &effects)
        #expect(effects == (1...3).map { .askCoordinator(attempt: $0) })
        // The second question is not the one that is open.
        machine.coordinatorAnswered(.current, attempt: 2, now: Self.at(17), &effects)
        #expect(!machine.isOwning)
    }

    @Test func `a confirmation with a shorter lease shortens it`() {
        var machine = Self.owning()
        var effects: [OwnershipEffect] = []
        machine.confirmed(sentAt: Self.at(2), lease: .seconds(4), now: Self.at(3), &effects)
        #expect(machine.deadline == Self.at(6))
        // The next one says nothing of it.
        machine.confirmed(sentAt: Self.at(4), now: Self.at(5), &effects)
        #expect(machine.deadline == Self.at(8))
        machine.confirmed(sentAt: Self.at(6), lease: .seconds(20), now: Self.at(7), &effects)
        #expect(machine.deadline == Self.at(26))
        #expect(effects == [])
    }

    @Test func `a shorter lease may have run out when it is heard of`() {
        var machine = Self.owning()
        var effects: [OwnershipEffect] = []
        machine.confirmed(sentAt: Self.at(2), lease: .seconds(2), now: Self.at(4), &effects)
        #expect(effects == [.mute])
        #expect(!machine.isOwning)
        machine.confirmed(sentAt: Self.at(5), lease: .seconds(2), now: Self.at(6), &effects)
        #expect(effects == [.mute, .askCoordinator(attempt: 2)])
        // What was sent before the newest counts for nothing, but for its lease.
        machine.confirmed(sentAt: Self.at(3), lease: .seconds(3), now: Self.at(6), &effects)
        machine.coordinatorAnswered(.current, attempt: 2, now: Self.at(7), &effects)
        #expect(machine.deadline == Self.at(8))
    }

    @Test func `a question is not answered in time if the lease has become shorter meanwhile`() {
        var machine = LeaseOwnership(duration: .seconds(10), confirmedAt: Self.at(0))
        var effects: [OwnershipEffect] = []
        machine.start(&effects)
        machine.confirmed(sentAt: Self.at(1), lease: .seconds(2), now: Self.at(2), &effects)
        machine.coordinatorAnswered(.current, attempt: 1, now: Self.at(3), &effects)
        #expect(!machine.isOwning)
        #expect(effects == [.askCoordinator(attempt: 1)])
    }

    @Test func `another assignment ends it`() {
        var machine = Self.owning()
        var effects: [OwnershipEffect] = []
        machine.confirmed(sentAt: Self.at(9), now: Self.at(12), &effects)
        machine.coordinatorAnswered(.superseded, attempt: 2, now: Self.at(13), &effects)
        machine.confirmed(sentAt: Self.at(14), now: Self.at(15), &effects)
        #expect(effects == [.mute, .askCoordinator(attempt: 2), .stopSuperseded])
    }
}
