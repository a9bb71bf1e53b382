import Synchronization

/// Bounds what the bodies of requests take in memory together: who finds no room waits for it, in the order of arrival.
final class ByteBudget: Sendable {
    private struct Waiter {
        let id: UInt64
        let bytes: Int
        let answer: Promise<Void>
    }

    private struct State {
        var free: Int
        var line: [Waiter] = []
        var nextID: UInt64 = 0
    }

    private let state: Mutex<State>

    init(bytes: Int) { self.state = Mutex(State(free: bytes)) }

    /// Runs `body` while it holds so much of the budget; nil when there is no room in time.
    func hold<Result: Sendable>(
        _ bytes: Int,
        within patience: Duration,
        _ body: () async throws -> Result
    ) async rethrows -> Result? {
        guard await self.take(bytes, within: patience) else { return nil }
        defer { self.give(bytes) }
        return try await body()
    }

    private func take(_ bytes: Int, within patience: Duration) async -> Bool {
        let waiter = self.state.withLock { state -> Waiter? in
            if state.line.isEmpty, state.free >= bytes {
                state.free -= bytes
                return nil
            }
            state.nextID += 1
            state.line.append(Waiter(id: state.nextID, bytes: bytes, answer: Promise()))
            return state.line.last
        }
        guard let waiter, await waiter.answer.value(within: patience) == nil else { return true }
        return self.state.withLock { state in
            guard let place = state.line.firstIndex(where: { $0.id == waiter.id }) else { return true }
            state.line.remove(at: place)
            return false
        }
    }

    private func give(_ bytes: Int) {
        let admitted = self.state.withLock { state -> [Waiter] in
            state.free += bytes
            var admitted = 0
            while admitted < state.line.count, state.line[admitted].bytes <= state.free {
                state.free -= state.line[admitted].bytes
                admitted += 1
            }
            defer { state.line.removeFirst(admitted) }
            return Array(state.line.prefix(admitted))
        }
        for waiter in admitted { waiter.answer.fulfil(()) }
    }
}
