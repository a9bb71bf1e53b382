import AsyncHTTPClient
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Security
import ServiceLifecycle
import Threads
import UnixSignals

/// A worker: pipelines with an HTTP API in front and, in a cluster, a link to the coordinators.
public enum WorkerServer {
    /// Runs until the process is told to stop (SIGTERM or SIGINT) or the task is cancelled. `onRunning` is told the port
    /// once requests are taken.
    public static func run(
        _ configuration: WorkerConfiguration,
        onRunning: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws {
        try configuration.validate()
        var client = HTTPClient.Configuration()
        client.timeout = .init(connect: .seconds(2))
        // They would take the key to whoever is named there.
        client.redirectConfiguration = .disallow
        let httpClient = HTTPClient(eventLoopGroupProvider: .singleton, configuration: client)
        let failure: (any Error)?
        do {
            try await Self.serve(configuration, httpClient, onRunning)
            failure = nil
        } catch {
            failure = error
        }
        try? await httpClient.shutdown()  // what is still open ends with the process
        if let failure { throw failure }
    }

    private static func serve(
        _ configuration: WorkerConfiguration,
        _ httpClient: HTTPClient,
        _ onRunning: @escaping @Sendable (Int) -> Void
    ) async throws {
        let security = try WorkerSecurity(configuration)
        let store = try configuration.stateDirectory.map { path throws(StateDirectoryError) in try PipelineStore(path) }
        let workerID = try Self.workerID(configuration, store)
        let attention = Attention()
        let coordinators = CoordinatorList(configuration.coordinators, spreadBy: workerID)
        let governor = EngineGovernor(shareMax: configuration.pipelineShareMax)
        let standing = ClusterStanding(
            workerID: workerID,
            incarnation: .random(in: 1 ... .max),
            coordinators: CoordinatorClient(
                client: httpClient,
                list: coordinators,
                apiKey: configuration.coordinatorKey ?? configuration.apiKey,
                credentials: security.credentials
            ),
            confirmations: Confirmations()
        )
        let surroundings = PipelineSurroundings(
            clientIDPrefix: configuration.clientIDPrefix,
            workDirectory: WorkDirectory(configuration.workDirectory),
            console: ConsoleWriter(),
            standing: configuration.coordinators.isEmpty ? nil : standing,
            deadLetters: DeadLetters(
                path: configuration.deadLetterFile ?? "\(configuration.workDirectory)/varpulis-dlq.jsonl"
            ),
            governor: governor,
            bytesMax: configuration.pipelineBytesMax,
            budget: configuration.streamBudget,
            onPhaseChange: { attention.call() },
            logger: configuration.logger
        )
        let registry = PipelineRegistry(
            store: store,
            surroundings: surroundings,
            pipelinesMax: configuration.pipelinesMax
        )
        let tenants = try TenantRegistry(store: store, pipelinesMax: configuration.pipelinesMax)
        let readiness = Readiness(inCluster: !configuration.coordinators.isEmpty)
        try await registry.restore(inCluster: !configuration.coordinators.isEmpty) { tenants.tenant($0) != nil }

        let address = Promise<String>()
        let report = WorkerReport(
            workerID: workerID,
            incarnation: standing.incarnation,
            apiKey: configuration.apiKey,
            coordinatorKey: configuration.coordinatorKey ?? configuration.apiKey,
            pipelinesMax: configuration.pipelinesMax,
            labels: configuration.labels,
            registry: registry
        )
        let link = CoordinatorLink(
            client: standing.coordinators,
            report: report,
            session: SessionLink(
                list: coordinators,
                report: report,
                attention: attention,
                confirmations: standing.confirmations,
                secure: Self.secure(security.credentials),
                logger: configuration.logger
            ),
            address: address,
            attention: attention,
            confirmations: standing.confirmations,
            readiness: readiness,
            drainTimeout: configuration.drainTimeout,
            logger: configuration.logger
        )
        let routes = WorkerRoutes(
            registry: registry,
            tenants: tenants,
            readiness: readiness,
            security: security,
            configuration: configuration
        )
        let application = Application(
            router: routes.router(),
            server: HTTPServerBuilder { responder in
                GuardedChannel(
                    WorkerChannel(
                        responder: responder,
                        sockets: WorkerSockets(routes: routes, gate: routes.gate, logger: configuration.logger),
                        silence: security.guards.limits.silence
                    ),
                    security.guards
                )
            },
            configuration: .init(
                address: .hostname(configuration.bind, port: configuration.port),
                serverName: "varpulis"
            ),
            services: [HangUp { security.reload() }, ReadinessWatch(readiness: readiness)],
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? configuration.port
                address.fulfil(configuration.advertiseAddress ?? Self.url(configuration, port))
                configuration.logger.info("worker", metadata: ["id": "\(workerID)", "port": "\(port)"])
                onRunning(port)
            },
            eventLoopGroupProvider: .singleton,
            logger: configuration.logger
        )
        // Told to end in the opposite order: the server goes on while the link has its pipelines moved.
        let services = ServiceGroup(
            configuration: .init(
                services: [application] + Self.metricsServer(routes)
                    + (configuration.coordinators.isEmpty ? [] : [link]),
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: configuration.logger
            )
        )
        let failure: (any Error)?
        do {
            try await services.run()
            failure = nil
        } catch {
            failure = error
        }
        await registry.stopAll()
        await withCheckedContinuation { continuation in
            _ = NamedThread(name: "end") {
                governor.end()
                continuation.resume()
            }
        }
        if let failure { throw failure }
    }

    /// The given id, or the one of an earlier run, or a new one that is kept for later runs.
    private static func workerID(_ configuration: WorkerConfiguration, _ store: PipelineStore?) throws -> String {
        if let id = configuration.workerID ?? store?.workerID() { return id }
        let id = UUID().uuidString.lowercased()
        try store?.save(workerID: id)
        return id
    }

    /// What puts TLS under a session with a coordinator.
    private static func secure(
        _ credentials: TLSCredentials?
    ) -> (@Sendable (any Channel, _ host: String) throws -> Void)? {
        guard let credentials else { return nil }
        return { channel, host in
            // An address is no name that a certificate could be asked for; nil says so.
            let name = (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
            try channel.pipeline.syncOperations.addHandlers(credentials.clientHandlers(host: name))
        }
    }

    private static func metricsServer(_ routes: WorkerRoutes) -> [any Service] {
        let configuration = routes.configuration
        guard let port = configuration.metricsPort else { return [] }
        let guards = routes.security.guards
        let application = Application(
            router: routes.metricsRouter(),
            server: HTTPServerBuilder { responder in
                GuardedChannel(
                    HTTP1Channel(responder: responder, configuration: .init(idleTimeout: guards.limits.silence)),
                    guards
                )
            },
            configuration: .init(address: .hostname(configuration.bind, port: port), serverName: "varpulis"),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? port
                configuration.logger.info("metrics", metadata: ["port": "\(port)"])
            },
            eventLoopGroupProvider: .singleton,
            logger: configuration.logger
        )
        return [application]
    }

    private static func url(_ configuration: WorkerConfiguration, _ port: Int) -> String {
        let scheme = configuration.tls.certificate == nil ? "http" : "https"
        let host = configuration.bind.contains(":") ? "[\(configuration.bind)]" : configuration.bind
        return "\(scheme)://\(host):\(port)"
    }
}
