import ClusterAPI
import Foundation
import NIOHTTP1
import RaftTestSupport
import Testing

@Suite("The files for Grafana and Prometheus")
struct MonitoringFilesTests {
    private static let directory = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "deploy")

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: self.directory.appending(path: path), encoding: .utf8)
    }

    /// Everything in an expression that is a name of ours.
    private static func names(in text: String) -> Set<String> {
        let words = text.split { !($0.isLetter || $0.isNumber || $0 == "_") }
        return Set(words.map(String.init).filter { $0.hasPrefix("varpulis_") || $0.hasPrefix("process_") })
    }

    private static func expressions(in value: JSONValue, under key: String = "") -> [String] {
        switch value {
        case .string(let text): key == "expr" ? [text] : []
        case .array(let items): items.flatMap { self.expressions(in: $0) }
        case .object(let members): members.flatMap { self.expressions(in: $0.value, under: $0.key) }
        case .null, .bool, .integer, .double: []
        }
    }

    /// The names of samples on the page of a coordinator that has been asked for something.
    private static func exported() async throws -> Set<String> {
        var names: Set<String> = []
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.get("\(TestCoordinator.prefix)/workers").status == 200)
            let hasAll = try await eventually {
                let page = try await coordinator.get("/metrics", key: nil).body
                names = Set(
                    page.split(separator: "\n").filter { !$0.hasPrefix("#") }.map {
                        String($0.prefix { $0 != "{" && $0 != " " })
                    }
                )
                // The first sweep comes by itself.
                return names.contains("varpulis_cluster_health_sweep_duration_seconds_bucket")
            }
            #expect(hasAll)
        }
        return names
    }

    @Test("use only names that a coordinator exports")
    func names() async throws {
        let exported = try await Self.exported()
        let dashboard = try JSONValue(parsing: try Self.text("grafana/varpulis-cluster.json").utf8)
        guard case .object(let members) = dashboard else {
            Issue.record("the dashboard is no object")
            return
        }
        #expect(members["uid"] == "varpulis-cluster")
        let shown = Self.names(in: Self.expressions(in: dashboard).joined(separator: "\n"))
        #expect(shown.count > 20)
        #expect(shown.subtracting(exported) == [])
        let alerts = try Self.text("prometheus/alerts.yml")
        let watched = Self.names(in: alerts)
        #expect(watched.count > 8)
        #expect(watched.subtracting(exported) == [])
        #expect(try Self.text("prometheus/prometheus.yml").contains("- alerts.yml"))
    }
}
