import Synchronization

/// A value that one thread gives, once, and tasks wait for.
final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case open(nextWaiter: UInt64, waiters: [UInt64: CheckedContinuation<Value?, Never>])
        case fulfilled(Value)
    }

    private let state = Mutex(State.open(nextWaiter: 0, waiters: [:]))

    /// Gives the value; a second one changes nothing.
    func fulfil(_ value: Value) {
        let waiters = self.state.withLock { state -> [CheckedContinuation<Value?, Never>] in
            guard case .open(_, let waiters) = state else { return [] }
            state = .fulfilled(value)
            return Array(waiters.values)
        }
        for waiter in waiters { waiter.resume(returning: value) }
    }

    /// The value, or nil when the time is up or the task is cancelled first.
    func value(within timeout: Duration) async -> Value? {
        await withTaskGroup(of: Value?.self) { group in
            group.addTask { await self.value() }
            group.addTask {
                try? await Task.sleep(for: timeout)  // ends early only when it is not needed any more
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    /// The value, or nil when the task is cancelled first.
    func value() async -> Value? {
        let id = self.state.withLock { state -> UInt64? in
            guard case .open(let id, let waiters) = state else { return nil }
            state = .open(nextWaiter: id + 1, waiters: waiters)
            return id
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let result = self.state.withLock { state -> Value?? in
                    switch state {
                    case .fulfilled(let value): return .some(value)
                    case .open(let next, var waiters):
                        guard let id, !Task.isCancelled else { return .some(nil) }
                        waiters[id] = continuation
                        state = .open(nextWaiter: next, waiters: waiters)
                        return nil
                    }
                }
                if let result { continuation.resume(returning: result) }
            }
        } onCancel: {
            guard let id else { return }
            let waiter = self.state.withLock { state -> CheckedContinuation<Value?, Never>? in
                guard case .open(let next, var waiters) = state else { return nil }
                let waiter = waiters.removeValue(forKey: id)
                state = .open(nextWaiter: next, waiters: waiters)
                return waiter
            }
            waiter?.resume(returning: nil)
        }
    }
}
