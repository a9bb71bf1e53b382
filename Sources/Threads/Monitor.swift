import Glibc

/// State that threads share, and wait on: a mutex and a condition variable around one value.
///
/// For threads of our own only. A wait blocks the calling thread, so it has no place on the cooperative pool
/// or an event loop; `withLock` and `change` hold the lock for nanoseconds and may be called from anywhere.
// Sendable: the state is reached with the mutex held, and by nothing else.
public final class Monitor<State>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var state: State

    public init(_ state: State) {
        self.state = state
        self.mutex = .allocate(capacity: 1)
        self.condition = .allocate(capacity: 1)
        pthread_mutex_init(self.mutex, nil)
        // Deadlines are measured on the clock that no one can set.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(self.condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(self.condition)
        pthread_mutex_destroy(self.mutex)
        self.condition.deallocate()
        self.mutex.deallocate()
    }

    /// Reads or changes the state; whoever waits is not told.
    public func withLock<Result, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        return try body(&self.state)
    }

    /// Changes the state and wakes every waiting thread.
    public func change<Result, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(self.mutex)
        defer {
            // In this order: whoever wakes wants the lock first.
            pthread_mutex_unlock(self.mutex)
            pthread_cond_broadcast(self.condition)
        }
        return try body(&self.state)
    }

    /// Blocks until `body` returns a value, asking again after each `change`. What `body` changes wakes others too.
    public func wait<Result>(for body: (inout State) -> Result?) -> Result {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        while true {
            if let result = body(&self.state) {
                pthread_cond_broadcast(self.condition)
                return result
            }
            pthread_cond_wait(self.condition, self.mutex)
        }
    }

    /// The same for at most `timeout`; nil when that time has passed without a value.
    public func wait<Result>(atMost timeout: Duration, for body: (inout State) -> Result?) -> Result? {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let (seconds, attoseconds) = timeout.components
        let nanoseconds = deadline.tv_nsec + Int(attoseconds / 1_000_000_000)
        deadline.tv_sec += Int(seconds) + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000

        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        while true {
            if let result = body(&self.state) {
                pthread_cond_broadcast(self.condition)
                return result
            }
            if pthread_cond_timedwait(self.condition, self.mutex, &deadline) == ETIMEDOUT {
                // What came while the time ran out is taken, too.
                let result = body(&self.state)
                if result != nil { pthread_cond_broadcast(self.condition) }
                return result
            }
        }
    }
}
