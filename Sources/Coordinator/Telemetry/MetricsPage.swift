import ClusterState
import Raft

/// `GET /metrics`: this member's own numbers in Prometheus' text format, made anew for each scrape.
struct MetricsPage {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private var page = MetricsText()
    var text: String { self.page.text }

    init(_ state: ClusterState, _ plane: ControlPlane) {
        let status = plane.node.status
        self.page.add(state)
        self.page.add(plane.sessions)
        self.page.add(status, plane.members)
        self.page.add(plane.telemetry)
        self.page.add(plane.security.counters)
        self.page.add(ProcessUsage())
    }
}
