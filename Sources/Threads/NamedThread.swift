import Glibc

/// One thread of the operating system that runs a closure once and can be waited for.
public final class NamedThread: Sendable {
    private let ended = Monitor(false)

    /// Starts the thread. The system shows the first 15 bytes of `name` (`ps -L`, `top -H`).
    public init(name: String, _ body: @escaping @Sendable () -> Void) {
        let start = Start(name: name, body: body, ended: self.ended)
        var thread = pthread_t()
        let result = pthread_create(
            &thread,
            nil,
            { argument in
                // The pointer is the retained `Start` handed to `pthread_create` below, so it is never nil.
                let ended = Start.run(Unmanaged<Start>.fromOpaque(argument!))
                ended.change { $0 = true }
                return nil
            },
            Unmanaged.passRetained(start).toOpaque()
        )
        precondition(result == 0, "The system has no thread to give: \(result).")
        pthread_detach(thread)
    }

    /// Blocks until the closure has returned and what it held is let go. May be called by many, and more than once.
    public func join() {
        self.ended.wait { $0 ? () : nil }
    }

    /// The same for at most this long; false when the closure still runs then.
    public func join(atMost timeout: Duration) -> Bool {
        self.ended.wait(atMost: timeout) { $0 ? true : nil } ?? false
    }

    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void
        let ended: Monitor<Bool>

        init(name: String, body: @escaping @Sendable () -> Void, ended: Monitor<Bool>) {
            self.name = name
            self.body = body
            self.ended = ended
        }

        /// Runs the closure and lets it go. The end is told after that, by whoever has the monitor.
        static func run(_ reference: Unmanaged<Start>) -> Monitor<Bool> {
            let start = reference.takeRetainedValue()
            start.nameThread()
            start.body()
            return start.ended
        }

        /// Glibc's own call is hidden from Swift, but Linux takes the name as a file too. A failure costs the name only.
        func nameThread() {
            let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
            guard file >= 0 else { return }
            let bytes = Array(self.name.utf8.prefix(15))
            _ = write(file, bytes, bytes.count)
            close(file)
        }
    }
}
