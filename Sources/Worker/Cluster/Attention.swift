import Synchronization

/// Calls the heartbeat loop: something changed that coordinators should hear of now.
///
/// Calls while it is busy count as one, and one that nobody waits for is kept. One task at a time waits.
final class Attention: Sendable {
    private struct State {
        var isCalled = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func call() {
        let waiter = self.state.withLock { state in
            guard let waiter = state.waiter.take() else {
                state.isCalled = true
                return CheckedContinuation<Void, Never>?.none
            }
            return waiter
        }
        waiter?.resume()
    }

    /// Waits for a call, until the time is up or the task is cancelled.
    func next(within time: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.next() }
            group.addTask { try? await Task.sleep(for: time) }  // ends early only when it is not needed any more
            await group.next()
            group.cancelAll()
        }
    }

    private func next() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = self.state.withLock { state in
                    if Task.isCancelled { return true }
                    if state.isCalled {
                        state.isCalled = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.waiter.take() }?.resume()
        }
    }
}
