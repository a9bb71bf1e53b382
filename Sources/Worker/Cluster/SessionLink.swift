import ClusterAPI
import Foundation
import Logging
import NIOCore
import NIOPosix
import WebSocket

/// Holds one session at a time with any of the coordinators, and speaks over it.
struct SessionLink: Sendable {
    let list: CoordinatorList
    let report: WorkerReport
    let attention: Attention
    let confirmations: Confirmations
    /// Puts TLS on a connection to that host; nil where this worker has none, and `https` means REST only.
    let secure: (@Sendable (any Channel, _ host: String) throws -> Void)?
    let logger: Logger

    /// Of connecting, for each coordinator: a stopped one takes connections like any other.
    private static let connectTimeout = TimeAmount.seconds(2)
    /// After a session that ends sooner, only those coordinators are tried that were not yet.
    private static let worthwhile = Duration.seconds(5)

    enum Outcome {
        /// None could be had that lasts.
        case none
        /// There was one; another may be had at once.
        case ended
        case unknownWorker
    }

    /// Opens a session with the first coordinator that takes one, and holds it to its end.
    func hold() async -> Outcome {
        for url in self.list.urls where !Task.isCancelled {
            let session: WebSocketSession
            do { session = try await self.connect(url) } catch {
                self.logger.debug("no session", metadata: ["coordinator": "\(url)", "reason": "\(error)"])
                continue
            }
            let conversation = SessionConversation(
                session: session,
                coordinator: url,
                list: self.list,
                report: self.report,
                attention: self.attention,
                confirmations: self.confirmations,
                logger: self.logger
            )
            let began = ContinuousClock.now
            switch await conversation.run() {
            case .unknownWorker: return .unknownWorker
            case .notIdentified(let reason):
                self.logger.warning("no session", metadata: ["coordinator": "\(url)", "reason": "\(reason)"])
            case .ended(let reason):
                if Task.isCancelled { return .ended }
                self.logger.warning("session ended", metadata: ["coordinator": "\(url)", "reason": "\(reason)"])
                // Whoever is there now knows more of the cluster than one that has just gone.
                self.list.leave(url)
                if ContinuousClock.now - began >= Self.worthwhile { return .ended }
            }
        }
        return .none
    }

    private struct Unreachable: Error, CustomStringConvertible { let description: String }

    private func connect(_ url: String) async throws -> WebSocketSession {
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty else {
            throw Unreachable(description: "not a URL")
        }
        let isSecure = parts.scheme == "https"
        if isSecure && self.secure == nil { throw Unreachable(description: "https, and this worker has no TLS") }
        let plainHost = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        let secure = self.secure
        return try await WebSocketClient.connect(
            host: plainHost,
            port: parts.port ?? (isSecure ? 443 : 80),
            path: parts.percentEncodedPath + "/api/v1/cluster/ws",
            timeout: Self.connectTimeout,
            on: MultiThreadedEventLoopGroup.singleton,
            secure: { channel in if isSecure { try secure?(channel, plainHost) } }
        )
    }
}
