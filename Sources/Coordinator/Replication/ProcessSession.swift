import RaftSessions
import Synchronization

/// The session in which this process numbers the requests it brings to the leader, so that it may repeat them.
///
/// Opened when the first request needs it. Another one takes its place when it is lost, or when a slow request has kept
/// it from letting go of the replies to the many after it.
final class ProcessSession: Sendable {
    /// How far the numbers may be ahead of the lowest one in use; less than a session's replies are limited to.
    static let windowMax: UInt64 = 4_096

    private struct State {
        var window: Window?
        var opening: Task<Window, any Error>?
    }
    private let state = Mutex(State())
    private let open: @Sendable () async throws -> SessionID

    /// `open` has the log open a session.
    init(open: @escaping @Sendable () async throws -> SessionID) { self.open = open }

    /// A number for a request.
    func ticket() async throws -> Ticket {
        while true {
            let opening: Task<Window, any Error>
            switch self.state.withLock({ self.ticket(&$0) }) {
            case .success(let ticket): return ticket
            case .failure(let wait): opening = wait.opening
            }
            _ = try await opening.value
        }
    }

    /// A number for a request that can't wait; nil if there is no session yet, or no longer.
    func ticketAtOnce() -> Ticket? { self.state.withLock { $0.window?.ticket(ahead: Self.windowMax) } }

    private struct Wait: Error { var opening: Task<Window, any Error> }

    private func ticket(_ state: inout State) -> Result<Ticket, Wait> {
        if let ticket = state.window?.ticket(ahead: Self.windowMax) { return .success(ticket) }
        state.window = nil
        if let opening = state.opening { return .failure(Wait(opening: opening)) }
        // Awaited by every request that needs the session; not theirs to cancel, since they share it.
        let opening = Task { () async throws -> Window in
            let result: Result<Window, any Error>
            do { result = .success(Window(try await self.open())) } catch { result = .failure(error) }
            self.state.withLock { state in
                state.opening = nil
                state.window = try? result.get()  // a failure reaches whoever waits
            }
            return try result.get()
        }
        state.opening = opening
        return .failure(Wait(opening: opening))
    }

    /// The ticket's session is of no use any more.
    func lost(_ ticket: Ticket) {
        self.state.withLock { state in
            if state.window === ticket.window { state.window = nil }
        }
    }

    /// One session's numbers that are in use, in rising order.
    final class Window: Sendable {
        private let session: SessionID
        private let numbers = Mutex<(next: UInt64, open: [UInt64])>((1, []))

        init(_ session: SessionID) { self.session = session }

        func ticket(ahead limit: UInt64) -> Ticket? {
            self.numbers.withLock { numbers in
                if let lowest = numbers.open.first, numbers.next - lowest >= limit { return nil }
                defer { numbers.next += 1 }
                numbers.open.append(numbers.next)
                return Ticket(window: self, number: numbers.next)
            }
        }

        func stamp(_ number: UInt64) -> SessionStamp {
            let lowest = self.numbers.withLock { $0.open.first } ?? number
            return SessionStamp(session: self.session, sequence: number, lowest: min(lowest, number))
        }

        func close(_ number: UInt64) {
            self.numbers.withLock { numbers in
                // Requests end nearly in the order in which they came.
                if let place = numbers.open.firstIndex(of: number) { numbers.open.remove(at: place) }
            }
        }
    }

    /// A request's number, in use until `close`.
    struct Ticket: Sendable {
        fileprivate let window: Window
        fileprivate let number: UInt64

        fileprivate init(window: Window, number: UInt64) {
            self.window = window
            self.number = number
        }

        var stamp: SessionStamp { self.window.stamp(self.number) }
        /// The request is answered, or given up: it will not be tried again.
        func close() { self.window.close(self.number) }
    }
}
