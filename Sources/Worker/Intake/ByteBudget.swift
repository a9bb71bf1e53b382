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

        /// Takes those out of the line, from its beginning, for whom there is room. They are to be told.
        mutating func admit() -> [Waiter] {
            var admitted = 0
            while admitted < self.line.count, self.line[admitted].bytes <= self.free {
                self.free -= self.line[admitted].bytes
                admitted += 1
            }
            defer { self.line.removeFirst(admitted) }
            return Array(self.line.prefix(admitted))
        }
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
        let (isLate, admitted) = self.state.withLock { state -> (Bool, [Waiter]) in
            guard let place = state.line.firstIndex(where: { $0.id == waiter.id }) else { return (false, []) }
            state.line.remove(at: place)
            // Those behind it may have waited for nothing else.
            return (true, state.admit())
        }
        for waiter in admitted { waiter.answer.fulfil(()) }
        return !isLate
    }

    private func give(_ bytes: Int) {
        let admitted = self.state.withLock { state in
            state.free += bytes
            return state.admit()
        }
        for waiter in admitted { waiter.answer.fulfil(()) }
    }
}
