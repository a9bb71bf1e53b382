import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Threads

/// Posts events to a URL as JSON lines, in their order, several in a request while more wait.
///
/// At least once: a request that is not answered with success is repeated, so what it carried may arrive twice. One
/// request is under way at a time; its thread waits for the answer, and the pipeline when too many events wait.
final class HTTPSink: Sendable {
    /// Told once what became of an event: nil when it arrived.
    typealias Completion = @Sendable (Failure?) -> Void

    enum Failure: Sendable {
        /// The sink was closed first.
        case closed
        /// It was refused, or every attempt failed.
        case failed(String)
    }

    private struct Entry: Sendable {
        let payload: [UInt8]
        let completion: Completion
    }

    private struct Contents {
        var waiting: [Entry] = []
        /// Waiting or under way.
        var count = 0
        /// The request that the thread waits for.
        var request: HTTPClient.Task<HTTPResponseStatus>?
        /// Set by `beginClose`: when the thread must end.
        var end: ContinuousClock.Instant?
    }

    private static let eventsMax = 1024
    private static let bodyBytesMax = 1 << 20
    private static let requestTimeout: TimeAmount = .seconds(5)
    /// Before each repetition.
    private static let pauses: [Duration] = [.milliseconds(250), .seconds(1), .seconds(2), .seconds(4)]

    private let url: String
    private let contents = Monitor(Contents())
    private let thread: Monitor<NamedThread?>

    init(url: String, name: String) {
        self.url = url
        self.thread = Monitor(nil)
        let thread = NamedThread(name: "http-\(name)") { [weak self] in self?.run() }
        self.thread.withLock { $0 = thread }
    }

    /// Takes an event, blocking the calling thread while as many wait as may.
    func post(_ payload: [UInt8], completion: @escaping Completion) {
        let isTaken = self.contents.wait { contents -> Bool? in
            if contents.end != nil { return false }
            guard contents.count < Self.eventsMax else { return nil }
            contents.count += 1
            contents.waiting.append(Entry(payload: payload, completion: completion))
            return true
        }
        if !isTaken { completion(.closed) }
    }

    /// Takes nothing more, and gives what it has until the time is up to leave. Returns at once.
    func beginClose(drainingAtMost drainTimeout: Duration) {
        let end = ContinuousClock.now + drainTimeout
        let request = self.contents.change { contents in
            contents.end = min(contents.end ?? end, end)
            return contents.request
        }
        if let request { Self.cut(request, at: end) }
    }

    /// The same, and waits until the thread has ended.
    func close(drainingAtMost drainTimeout: Duration) {
        self.beginClose(drainingAtMost: drainTimeout)
        self.thread.withLock { $0 }?.join()
    }

    /// Ends a request at that time, unless it has ended by then.
    private static func cut(_ request: HTTPClient.Task<HTTPResponseStatus>, at end: ContinuousClock.Instant) {
        request.eventLoop.scheduleTask(in: TimeAmount(max(.zero, end - .now))) { request.cancel() }
    }

    // MARK: - Thread

    private func run() {
        while let batch = self.nextBatch() {
            let failure = self.deliver(batch)
            self.contents.change { $0.count -= batch.count }
            for entry in batch { entry.completion(failure) }
        }
    }

    /// What goes into one request; nil when the sink is closed and nothing is left, or its time is up.
    private func nextBatch() -> [Entry]? {
        let batch = self.contents.wait { contents -> [Entry]? in
            guard !contents.waiting.isEmpty else { return contents.end == nil ? nil : [] }
            var bytes = 0
            let count = contents.waiting.prefix { entry in
                bytes += entry.payload.count + 1
                return bytes <= Self.bodyBytesMax
            }.count
            let batch = Array(contents.waiting.prefix(max(1, count)))
            contents.waiting.removeFirst(batch.count)
            return batch
        }
        return batch.isEmpty ? nil : batch
    }

    private func deliver(_ batch: [Entry]) -> Failure? {
        var body = ByteBuffer()
        for entry in batch {
            body.writeBytes(entry.payload)
            body.writeInteger(UInt8(ascii: "\n"))
        }
        var reason = ""
        for pause in [.zero] + Self.pauses {
            guard self.rest(pause) else { return .closed }
            switch self.attempt(body) {
            case .delivered: return nil
            case .refused(let why): return .failed(why)
            case .repeatable(let why): reason = why
            }
        }
        return .failed(reason)
    }

    /// False when the sink's time is up.
    private func rest(_ pause: Duration) -> Bool {
        let deadline = ContinuousClock.now + pause
        while true {
            let end = self.contents.withLock { $0.end }
            if let end, end <= .now { return false }
            let left = min(deadline, end ?? deadline) - .now
            guard left > .zero else { return true }
            _ = self.contents.wait(atMost: left) { $0.end == end ? nil : () }
        }
    }

    private enum Outcome {
        case delivered
        case refused(String)
        case repeatable(String)
    }

    private func attempt(_ body: ByteBuffer) -> Outcome {
        do {
            var headers = HTTPHeaders()
            headers.add(name: "content-type", value: "application/x-ndjson")
            let request = try HTTPClient.Request(
                url: self.url,
                method: .POST,
                headers: headers,
                body: .byteBuffer(body)
            )
            let task = HTTPClient.shared.execute(
                request: request,
                delegate: StatusOnly(),
                deadline: .now() + Self.requestTimeout
            )
            let end = self.contents.change { contents in
                contents.request = task
                return contents.end
            }
            defer { self.contents.change { $0.request = nil } }
            if let end { Self.cut(task, at: end) }
            let status = try task.wait()
            switch status.code {
            case 200..<300: return .delivered
            case 408, 429, 500...: return .repeatable("\(status.code) \(status.reasonPhrase)")
            default: return .refused("\(status.code) \(status.reasonPhrase)")
            }
        } catch {
            return .repeatable("\(error)")
        }
    }

    /// Answers are read to their end and not kept.
    private final class StatusOnly: HTTPClientResponseDelegate, Sendable {
        private let status = Monitor(HTTPResponseStatus.internalServerError)

        func didReceiveHead(
            task: HTTPClient.Task<HTTPResponseStatus>,
            _ head: HTTPResponseHead
        ) -> EventLoopFuture<Void> {
            self.status.withLock { $0 = head.status }
            return task.eventLoop.makeSucceededVoidFuture()
        }

        func didFinishRequest(task: HTTPClient.Task<HTTPResponseStatus>) -> HTTPResponseStatus {
            self.status.withLock { $0 }
        }
    }
}
