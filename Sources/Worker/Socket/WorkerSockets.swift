import ClusterAPI
import Engine
import Logging
import NIOCore
import NIOHTTP1
import Security
import ServiceLifecycle
import WebSocket

/// `/ws`: a page or a tool that loads programs, puts events in and sees what comes out, over one connection.
///
/// It acts on the pipelines of the tenant whose key was shown: an event goes to each that reads its type, and the output of
/// all of them is told.
struct WorkerSockets: Sendable {
    let routes: WorkerRoutes
    let gate: KeyGate
    let logger: Logger

    static let path = "/ws"
    static let messageBytesMax = 1 << 20

    /// How often pipelines are looked for that came since.
    private static let lookInterval: Duration = .milliseconds(500)

    static func isPath(_ uri: String) -> Bool { uri.prefix { $0 != "?" } == Self.path }

    /// Whether the sender of that request may have a connection.
    func lets(in head: HTTPRequestHead) -> Bool {
        self.routes.originGate.admits(head) && self.gate.tenant(showing: SocketKey.shown(in: head)) != nil
    }

    /// Serves a connection until either side ends it.
    func serve(_ session: WebSocketSession, showing key: String?) async throws {
        guard let tenant = self.gate.tenant(showing: key) else {
            // Gone since the connection was let in, which ends in good order all the same.
            return try await session.run { _, _ in }
        }
        try await session.run { messages, sender in
            try await cancelWhenGracefulShutdown {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await self.tellOutputs(of: tenant, to: sender) }
                    for try await message in messages {
                        // The tenant may have been removed, which nobody tells its connections.
                        guard self.gate.tenant(showing: key) === tenant else { break }
                        let text = Array(buffer: message)
                        guard let message = SocketMessage(text, arrival: WallClock.nanoseconds()) else { continue }
                        try await sender.send(ByteBuffer(string: try await self.answer(message, for: tenant).text))
                    }
                    group.cancelAll()
                }
            }
        }
    }

    // MARK: - Answers

    private func answer(_ message: SocketMessage, for tenant: Tenant) async throws -> JSONValue {
        switch message {
        case .loadFile(let path): await self.load(path, for: tenant)
        case .injectEvent(let event): await self.inject(event, for: tenant)
        case .getStreams: .streams(await self.routes.registry.pipelines(of: tenant))
        case .getMetrics:
            .metrics(
                await self.routes.registry.pipelines(of: tenant),
                uptimeSeconds: self.routes.uptimeSeconds
            )
        case .refused(let reason): .error(reason)
        }
    }

    private func inject(_ event: Event, for tenant: Tenant) async -> JSONValue {
        guard tenant.admit(1) == nil else { return .injected(event.type, success: false) }
        var success = false
        for pipeline in await self.routes.registry.pipelines(of: tenant)
        where pipeline.inputTypes.contains(event.type) {
            let outcome = await pipeline.inject(
                .events([event]),
                wantsOutput: false,
                within: WorkerRoutes.injectTimeout
            )
            if case .processed = outcome { success = true }
        }
        return .injected(event.type, success: success)
    }

    /// Runs a program of the work directory, in the place of the one that was loaded from there before.
    private func load(_ path: String, for tenant: Tenant) async -> JSONValue {
        let directory = WorkDirectory(self.routes.configuration.workDirectory)
        guard let file = directory.file(path) else { return .notLoaded("'\(path)' lies outside the work directory") }
        // Why a file can't be read is not for everybody who has a key.
        guard let bytes = try? SmallFile.read(file, upTo: WorkerRoutes.bodyBytesMax),
            let source = String(validating: bytes, as: UTF8.self)
        else { return .notLoaded("'\(path)' cannot be read") }
        do {
            return .loaded(streams: try await self.routes.run(source, as: path, for: tenant).streamCount)
        } catch let refusal as PipelineRefusal {
            return .notLoaded(WorkerAPIError(refusal).body.error)
        } catch let error as WorkerAPIError {
            return .notLoaded(error.body.error)
        } catch {
            return .notLoaded("\(error)")
        }
    }

    // MARK: - Outputs

    /// Tells what comes out of the tenant's pipelines, those that come later included.
    private func tellOutputs(of tenant: Tenant, to sender: WebSocketSession.Sender) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var heard: [ObjectIdentifier: OutputFeed] = [:]
            while !Task.isCancelled {
                let feeds = await self.routes.registry.pipelines(of: tenant).map(\.feed)
                for feed in feeds where heard[ObjectIdentifier(feed)] == nil {
                    guard let reader = feed.listen() else { continue }
                    heard[ObjectIdentifier(feed)] = feed
                    group.addTask { try await Self.tell(reader, to: sender) }
                }
                let present = Set(feeds.map { ObjectIdentifier($0) })
                heard = heard.filter { present.contains($0.key) }
                try await Task.sleep(for: Self.lookInterval)
            }
        }
    }

    private static func tell(_ reader: OutputReader, to sender: WebSocketSession.Sender) async throws {
        let head = Array(#"{"type":"output_event","#.utf8)
        for await item in reader.items {
            let skipped = reader.takeSkipped()
            if skipped > 0 {
                try await sender.send(ByteBuffer(string: JSONValue.error("skipped \(skipped) events").text))
            }
            guard case .event(let json) = item else { continue }
            // The event is an object already; it gets one more member.
            try await sender.send(ByteBuffer(bytes: head + json.dropFirst()))
        }
    }
}
