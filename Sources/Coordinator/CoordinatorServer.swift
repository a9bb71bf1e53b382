import AsyncHTTPClient
import ClusterAPI
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import OpenSSL
import Raft
import RaftCore
import RaftStorage
import RaftTransport
import Security
import ServiceLifecycle
import UnixSignals

/// A coordinator: a member of the Raft cluster with the HTTP API in front and the reconciler behind.
public enum CoordinatorServer {
    public static let version = ProductVersion.current
    /// What answers say of themselves in the `Server` field.
    static let serverName = "varpulis"

    /// Runs until the process is told to stop (SIGTERM or SIGINT). `onRunning` is told the port once requests are taken.
    public static func run(
        _ configuration: CoordinatorConfiguration,
        onRunning: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws {
        // Connections live on the node's own loop: a request then reaches the log, and its answer the socket, without
        // a hop. What takes long, such as the routes, runs elsewhere.
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let security = try CoordinatorSecurity(configuration)
        var ownConfiguration = configuration
        ownConfiguration.apiKey = security.keys.clusterKey
        let (plane, lean) = try await Self.start(ownConfiguration, security, on: loop)
        let routes = Routes(plane: plane)
        let server = HTTPServerBuilder { responder in
            ServerChannel(
                responder: responder,
                transport: plane.node.transport,
                lean: lean,
                gate: routes.gate(),
                sessions: WorkerSessions(plane: plane, gate: routes.gate()),
                guards: security.guards
            )
        }
        let application = Application(
            router: routes.router(),
            server: server,
            configuration: .init(
                address: .hostname(configuration.bind, port: configuration.port),
                serverName: Self.serverName
            ),
            services: [Loops(plane: plane), HangUp { security.reload() }],
            onServerRunning: { channel in onRunning(channel.localAddress?.port ?? configuration.port) },
            eventLoopGroupProvider: .shared(loop),
            logger: configuration.logger
        )
        let failure: (any Error)?
        // Told to end in the opposite order.
        let services = ServiceGroup(
            configuration: .init(
                services: [application, ExpulsionWatch(plane: plane), HandingOver(plane: plane)],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: configuration.logger
            )
        )
        do {
            try await services.run()
            failure = nil
        } catch {
            failure = error
        }
        await plane.node.shutdown()
        try? await plane.workers.client.shutdown()  // what is still open ends with the process
        if let failure { throw failure }
    }

    /// Opens the database and joins the cluster; takes no requests yet.
    static func start(
        _ configuration: CoordinatorConfiguration,
        _ security: CoordinatorSecurity,
        on loop: any EventLoop
    ) async throws -> (ControlPlane, LeanPath) {
        let database = try await configuration.openDatabase(security.credentials)
        let recovered = try database.recover()
        let cluster = database.identity.cluster
        let identity = PeerIdentity(
            cluster: cluster,
            node: database.identity.member,
            incarnation: database.incarnation,
            key: Array((configuration.apiKey ?? "").utf8)
        )
        configuration.logger.info(
            "member",
            metadata: ["member": "\(identity.node)", "cluster": "\(cluster)", "new": "\(database.isNew)"]
        )
        let calls = CallHandler()
        var member = RaftConfiguration(
            identity: identity,
            addresses: configuration.origin.addresses,
            settings: configuration.raft,
            logger: configuration.logger
        )
        member.limits = configuration.limits
        member.security = security.peers
        let node = try await RaftNode.start(
            member,
            machine: ClusterMachine(),
            database: database,
            recovered: recovered,
            on: loop,
            call: { call in calls.take(call) }
        )
        var client = HTTPClient.Configuration()
        client.timeout = .init(connect: .seconds(2), read: .seconds(10))
        // Whoever makes a call knows better when to try it again, and tells meanwhile what went wrong.
        client.connectionPool.retryConnectionEstablishment = false
        // They would take a worker's key to whoever is named there.
        client.redirectConfiguration = .disallow
        let secrets = try ConnectorSecrets(apiKey: configuration.apiKey, cluster: cluster)
        let plane = ControlPlane(
            node: node,
            workers: WorkerClient(
                client: HTTPClient(eventLoopGroupProvider: .singleton, configuration: client),
                secrets: secrets,
                apiKey: configuration.apiKey,
                credentials: security.credentials
            ),
            secrets: secrets,
            security: security,
            configuration: configuration
        )
        let lean = Routes(plane: plane).lean
        calls.serve { call in
            switch call.body.getInteger(at: call.body.readerIndex, as: UInt8.self) {
            case HeartbeatRelay.mark: call.answer { await HeartbeatRelay.receive(call.body, plane) }
            case SessionOpening.mark: call.answer { await SessionOpening.receive(plane.node) }
            case SessionLossCall.mark: call.answer { SessionLossCall.receive(call.body, plane) }
            default:
                plane.telemetry.http.forwarded.add()
                lean.take(call) { call in
                    call.answer { await Self.answer(call.body, lean.general, configuration.logger) }
                }
            }
        }
        return (plane, lean)
    }

    /// A request that a follower passed on, answered as if it had come in here, in the role the follower verified.
    private static func answer(
        _ body: ByteBuffer,
        _ responder: @Sendable (Request, APIContext) async throws -> Response,
        _ logger: Logger
    ) async -> ByteBuffer {
        guard let forwarded = ForwardedRequest(body), let request = forwarded.request else { return ByteBuffer() }
        do {
            let context = APIContext(
                forwardedFor: forwarded.caller,
                forwarded.passage,
                requestID: forwarded.requestID,
                logger: logger
            )
            let response = try await responder(request, context)
            return ForwardedAnswer.response(try await ForwardedResponse(response)).encoded()
        } catch let reason as Unsettled {
            return ForwardedAnswer.unsettled(reason).encoded()
        } catch {
            logger.error("forwarded request failed", metadata: ["error": "\(error)"])
            return ByteBuffer()
        }
    }

    /// The loops beside the server.
    private struct Loops: Service {
        let plane: ControlPlane

        func run() async throws {
            await cancelWhenGracefulShutdown {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await ReconcileLoop(self.plane).run() }
                    group.addTask { await self.plane.relay.run(self.plane) }
                    group.addTask { await ScalingWebhook(plane: self.plane).run() }
                    group.addTask { await self.plane.losses.run(self.plane) }
                }
            }
        }
    }
}
