public import NIOCore

/// Those who wait for an answer, each until a moment of its own. Belongs to one event loop.
///
/// One sweep looks for whose time is up, ten times a second while anybody waits: a scheduled task for each would cost
/// more than most of what is waited for. So a wait ends up to a tenth of a second late.
///
/// Inlinable, for the sake of its speed: elsewhere it would be code for keys and waiters of any type.
@usableFromInline
package final class Waiters<Key: Hashable & Sendable, Waiter> {
    @usableFromInline static var sweepInterval: TimeAmount { .milliseconds(100) }

    @usableFromInline let eventLoop: any EventLoop
    @usableFromInline let expire: (Waiter) -> Void
    @usableFromInline var waiting: [Key: (deadline: NIODeadline, waiter: Waiter)] = [:]
    @usableFromInline var isSweepPlanned = false

    /// `expire` is given each waiter whose time is up; it is no longer among them by then.
    @inlinable
    package init(eventLoop: any EventLoop, expire: @escaping (Waiter) -> Void) {
        self.eventLoop = eventLoop
        self.expire = expire
    }

    @inlinable package var count: Int { self.waiting.count }

    /// Lets somebody wait under a key that nobody else waits under.
    @inlinable
    package func add(_ waiter: Waiter, as key: Key, timeout: TimeAmount) {
        self.waiting[key] = (.now() + timeout, waiter)
        self.planSweep()
    }

    @inlinable
    package func contains(_ key: Key) -> Bool { self.waiting[key] != nil }

    /// Takes a waiter out before its time is up. Nil if it has gone already.
    @inlinable
    package func remove(_ key: Key) -> Waiter? { self.waiting.removeValue(forKey: key)?.waiter }

    /// Removes those whose waiters fulfil `condition`.
    @inlinable
    package func remove(where condition: (Waiter) -> Bool) -> [Waiter] {
        if self.waiting.isEmpty { return [] }
        let found = self.waiting.filter { condition($0.value.waiter) }
        for key in found.keys { self.waiting[key] = nil }
        return found.values.map(\.waiter)
    }

    @inlinable
    package func removeAll() -> [Waiter] { self.remove(where: { _ in true }) }

    @inlinable
    func planSweep() {
        guard !self.isSweepPlanned, !self.waiting.isEmpty else { return }
        self.isSweepPlanned = true
        let waiters = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.eventLoop.scheduleTask(in: Self.sweepInterval) { waiters.value.sweep() }
    }

    @inlinable
    func sweep() {
        self.isSweepPlanned = false
        let now = NIODeadline.now()
        let due = self.waiting.filter { $0.value.deadline <= now }
        for key in due.keys { self.waiting[key] = nil }
        for entry in due.values { self.expire(entry.waiter) }
        self.planSweep()
    }
}
