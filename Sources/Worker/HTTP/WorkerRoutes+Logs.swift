import ClusterAPI
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

extension WorkerRoutes {
    /// Between two comments on a silent stream.
    private static let silence: Duration = .seconds(15)

    /// The pipeline's output as it comes, whatever it comes of, until the caller or the pipeline goes.
    func addLogs(to routes: some RouterMethods<WorkerContext>) {
        routes.get(":id/logs") { _, context -> Response in
            let pipeline = try await self.pipeline(context)
            guard let reader = pipeline.feed.listen() else {
                throw WorkerAPIError(
                    .tooManyRequests,
                    .quotaExceeded,
                    "The pipeline has \(OutputFeed.readersMax) listeners, as many as it may"
                )
            }
            return Response(
                status: .ok,
                headers: [
                    .contentType: EventStreamText.contentType, .cacheControl: "no-store",
                ],
                body: ResponseBody { writer in
                    // A first comment tells the caller that what comes from here on is heard.
                    try await writer.write(EventStreamText.silence)
                    try await Self.copy(reader, to: &writer)
                    try await writer.finish(nil)
                }
            )
        }
    }

    @concurrent private static func copy(_ reader: OutputReader, to writer: inout any ResponseBodyWriter) async throws {
        // Ends the waits of this stream when the process is told to end; the request's task waits for it.
        let silence = Task {
            await cancelWhenGracefulShutdown {
                while !Task.isCancelled {
                    try? await Task.sleep(for: Self.silence)  // ends early only when cancelled
                    reader.way.give(.silence)
                }
            }
            reader.way.finish()
        }
        defer { silence.cancel() }
        for await item in reader.items {
            let skipped = reader.takeSkipped()
            if skipped > 0 { try await writer.write(EventStreamText.skipped(skipped)) }
            switch item {
            case .event(let json): try await writer.write(EventStreamText.event(json))
            case .silence: try await writer.write(EventStreamText.silence)
            }
        }
    }
}
