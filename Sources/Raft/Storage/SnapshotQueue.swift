internal import DequeModule
internal import RaftCore
internal import Threads

/// What waits for a snapshot thread, in order. Bounded: a full queue refuses.
final class SnapshotQueue: Sendable {
    struct Request: Sendable {
        let weight: Int
        /// Does what is asked and tells the outcome. False if the disk failed: the closure hears of that before others.
        let carryOut: @Sendable (SnapshotStore, (StorageError) -> Void) -> Bool
        let refuse: @Sendable (StorageError) -> Void
    }

    enum Task {
        case request(Request)
        case keep([Snapshot.ID])
        case nothing
    }

    private struct State {
        var isClosed = false
        var requests: Deque<Request> = []
        var weight = 0
        /// The last list of what to keep.
        var kept: [Snapshot.ID] = []
        /// What is not kept is to be dropped.
        var isDroppingDue = false
    }

    private let limits: SnapshotThread.Limits
    private let state = Monitor(State())

    init(_ limits: SnapshotThread.Limits) { self.limits = limits }

    func submit<Outcome: Sendable>(
        weight: Int = 0,
        done: @escaping @Sendable (Result<Outcome, StorageError>) -> Void,
        _ body: @escaping @Sendable (SnapshotStore) throws(StorageError) -> Outcome
    ) {
        let request = Request(
            weight: weight,
            carryOut: { store, onFailure in
                do throws(StorageError) {
                    done(.success(try body(store)))
                    return true
                } catch {
                    let isDiskFailure = error.code == .databaseFailed
                    if isDiskFailure { onFailure(error) }
                    done(.failure(error))
                    return !isDiskFailure
                }
            },
            refuse: { done(.failure($0)) }
        )
        let refusal = self.state.change { state -> StorageError? in
            guard !state.isClosed else { return Self.closed }
            guard state.requests.count < self.limits.waitingRequestsMax, state.weight < self.limits.waitingBytesMax
            else { return StorageError(.busy, "Too many requests are waiting for the snapshots.") }
            state.requests.append(request)
            state.weight += weight
            return nil
        }
        if let refusal { request.refuse(refusal) }
    }

    /// Needs no bound: a newer list takes the place of one that still waits.
    func keep(_ ids: [Snapshot.ID]) {
        self.state.change { state in
            state.kept = ids
            state.isDroppingDue = true
        }
    }

    /// What is kept besides has changed.
    func keepAgain() { self.state.change { $0.isDroppingDue = true } }

    /// The next thing to do, nil when the queue is closed. Waits for something unless told not to.
    func next(waiting: Bool) -> Task? {
        func take(_ state: inout State) -> Task?? {
            if state.isClosed { return .some(nil) }
            if state.isDroppingDue {
                state.isDroppingDue = false
                return .keep(state.kept)
            }
            guard let request = state.requests.popFirst() else { return waiting ? nil : .nothing }
            state.weight -= request.weight
            return .request(request)
        }
        return self.state.wait(for: take)
    }

    func close() { self.state.change { $0.isClosed = true } }

    /// Nobody will do anything any more.
    func end() {
        let refused = self.state.change { state in
            state.isClosed = true
            defer { state.requests.removeAll() }
            return state.requests
        }
        for request in refused { request.refuse(Self.closed) }
    }

    private static var closed: StorageError { StorageError(.closed, "The snapshots' thread has ended.") }
}
