public import Foundation
import Glibc
import Threads

/// A real mosquitto for one test: own port, own folder, own configuration, and gone when the test process is gone.
public final class TestBroker: Sendable {
    public let port: UInt16
    /// For password and access files named in the configuration; removed with the broker.
    public let folder: URL

    private let configuration: URL
    private let running: Monitor<Running?>

    /// The process runs under a shell that ends it when this process closes the pipe, by will or by dying.
    private struct Running {
        let lifeline: Pipe
        let brokerPID: pid_t
        let logThread: NamedThread
    }

    private let log = Monitor<[String]>([])
    private static let launching = Monitor(())

    /// Starts a broker on 127.0.0.1. Without `settings` everyone may do everything.
    public init(
        settings: [String] = ["allow_anonymous true"],
        files: [String: String] = [:]
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "broker-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        self.folder = folder
        self.configuration = folder.appending(path: "mosquitto.conf")
        for (name, content) in files {
            try content.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
        }
        // The broker cannot listen on port 0, so a port is found free first; someone else may be quicker, rarely.
        var attempts = 0
        while true {
            let port = try FreePort.find()
            let lines = ["listener \(port) 127.0.0.1", "log_dest stderr", "log_type all", "user root"] + settings
            let text = lines.joined(separator: "\n").replacingOccurrences(of: "FOLDER", with: folder.path)
            try text.write(to: self.configuration, atomically: true, encoding: .utf8)
            do {
                let launched = try Self.launch(self.configuration, port: port, log: self.log)
                self.running = Monitor(launched)
                self.port = port
                return
            } catch {
                attempts += 1
                if attempts == 5 { throw error }
            }
        }
    }

    deinit {
        self.stop()
        try? FileManager.default.removeItem(at: self.folder)
    }

    public struct DoesNotStart: Error {
        public let log: [String]
    }

    /// Starts the broker again on its old port, after `stop` or `kill`.
    public func start() throws {
        let launched = try Self.launch(self.configuration, port: self.port, log: self.log)
        self.running.change { $0 = launched }
    }

    private static func launch(_ configuration: URL, port: UInt16, log: Monitor<[String]>) throws -> Running {
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        let script = "mosquitto -c \"$1\" & echo broker $! >&2; cat >/dev/null; kill $! 2>/dev/null; wait"
        shell.arguments = ["-c", script, "sh", configuration.path]
        log.change { $0.removeAll() }
        // One at a time: a shell started between the two calls would inherit the other's pipes, and hold them open.
        let (lifeline, output) = try self.launching.withLock { _ in
            let (lifeline, output) = (Pipe(), Pipe())
            for end in [lifeline.fileHandleForWriting, output.fileHandleForWriting, output.fileHandleForReading] {
                _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC)
            }
            shell.standardInput = lifeline
            shell.standardError = output
            // The pool's threads block all signals, and children inherit that: SIGTERM would never reach the broker.
            var none = sigset_t()
            var old = sigset_t()
            sigemptyset(&none)
            pthread_sigmask(SIG_SETMASK, &none, &old)
            defer { pthread_sigmask(SIG_SETMASK, &old, nil) }
            try shell.run()
            return (lifeline, output)
        }
        let logThread = NamedThread(name: "broker-log") {
            var rest: [UInt8] = []
            while case let data = output.fileHandleForReading.availableData, !data.isEmpty {
                rest += data
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = String(decoding: rest[..<end], as: UTF8.self)
                    rest.removeSubrange(...end)
                    log.change { $0.append(line) }
                }
            }
            log.change { $0.append("end of log") }
        }
        let lines = log.wait(atMost: .seconds(20)) { lines in
            lines.contains { $0.hasSuffix(" running") || $0 == "end of log" || $0.contains("Error:") } ? lines : nil
        }
        let pid = lines?.first { $0.hasPrefix("broker ") }.flatMap { pid_t($0.dropFirst("broker ".count)) }
        guard let lines, let pid, lines.contains(where: { $0.hasSuffix(" running") }) else {
            try lifeline.fileHandleForWriting.close()
            logThread.join()
            throw DoesNotStart(log: lines ?? ["no line in time"])
        }
        // A broker loses signals between that line and its loop. When it has seen a connection, it is in there.
        let probe = Loopback()
        let isServing =
            probe.connects(to: port)
            && log.wait(atMost: .seconds(20)) { lines in
                lines.contains { $0.contains("New connection") } ? true : nil
            } ?? false
        guard isServing else { throw DoesNotStart(log: log.withLock { $0 }) }
        return Running(lifeline: lifeline, brokerPID: pid, logThread: logThread)
    }

    /// Ends the broker in good order, and waits for it.
    public func stop() {
        self.end { _ in }
    }

    /// Ends the broker with no word to anyone.
    public func kill() {
        self.end { Glibc.kill($0.brokerPID, SIGKILL) }
    }

    /// Stops the broker where it is: it answers nobody, and its connections stay open, until `kill`.
    public func suspend() {
        self.running.withLock { running in
            if let running { Glibc.kill(running.brokerPID, SIGSTOP) }
        }
    }

    private func end(_ act: (Running) -> Void) {
        guard let running = self.running.change({ $0.take() }) else { return }
        Glibc.kill(running.brokerPID, SIGCONT)
        act(running)
        try? running.lifeline.fileHandleForWriting.close()
        // The end of the log is the end of all who wrote it.
        running.logThread.join()
    }

    /// Lines of the present run's log so far.
    public var logLines: [String] {
        self.log.withLock { $0 }
    }

    /// Waits until the log has a line with this text; false after 20 seconds.
    public func logs(_ text: String) -> Bool {
        self.log.wait(atMost: .seconds(20)) { lines in lines.contains { $0.contains(text) } ? true : nil } ?? false
    }
}
