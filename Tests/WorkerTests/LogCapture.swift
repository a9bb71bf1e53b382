import Logging
import Threads

/// Keeps log entries, so that a test can wait for one.
final class LogCapture: Sendable {
    private let entries = Monitor<[(message: String, metadata: Logger.Metadata)]>([])

    var logger: Logger {
        var logger = Logger(label: "test") { [entries] _ in Handler(entries: entries) }
        logger.logLevel = .trace
        return logger
    }

    /// The value that the first entry of that message has for a key; nil when none comes in time.
    func value(of key: String, in message: String) async -> String? {
        await onThread { [entries] in
            entries.wait(atMost: .seconds(20)) { entries in
                entries.first { $0.message == message && $0.metadata[key] != nil }?.metadata[key]?.description
            }
        }
    }

    private struct Handler: LogHandler {
        let entries: Monitor<[(message: String, metadata: Logger.Metadata)]>
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let metadata = self.metadata.merging(event.metadata ?? [:]) { $1 }
            self.entries.change { $0.append(("\(event.message)", metadata)) }
        }
    }
}
