import ServiceLifecycle

/// Makes a worker that is told to end unready from then on.
struct ReadinessWatch: Service {
    let readiness: Readiness

    func run() async throws {
        try? await gracefulShutdown()  // throws when cancelled, which is an end as well
        self.readiness.stopping()
    }
}
