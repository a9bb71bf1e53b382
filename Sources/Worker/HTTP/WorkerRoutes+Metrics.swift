import HTTPTypes
import Hummingbird
import NIOCore

extension WorkerRoutes {
    func addMetrics(to routes: some RouterMethods<WorkerContext>) {
        routes.get("metrics") { _, _ -> Response in await self.metrics() }
    }

    /// A listener of its own, for scrapers that are not to reach the API: any path is the metrics.
    func metricsRouter() -> Router<WorkerContext> {
        let router = Router(context: WorkerContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: ErrorGate(paths: KnownPaths()))
        for path in [RouterPath(""), "**"] {
            router.get(path) { _, _ -> Response in await self.metrics() }
        }
        return router
    }

    private func metrics() async -> Response {
        let page = WorkerMetricsPage(
            await self.registry.pipelines,
            refusals: self.security.counters,
            uptimeSeconds: self.uptimeSeconds
        )
        return Response(
            status: .ok,
            headers: [.contentType: PrometheusText.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: page.text))
        )
    }
}
