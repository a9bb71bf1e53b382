public import ServiceLifecycle
import UnixSignals

/// Reads what may have changed on disk whenever the process is sent SIGHUP.
public struct HangUp: Service {
    private let reload: @Sendable () -> Void

    public init(_ reload: @escaping @Sendable () -> Void) { self.reload = reload }

    public func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        await cancelWhenGracefulShutdown {
            for await _ in signals { self.reload() }
        }
    }
}
