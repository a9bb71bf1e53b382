import NIOHTTP1
import RaftTestSupport
import Testing

@Suite("The metrics page")
struct MetricsPageTests {
    @Test("gives every sample one value, under a name that was introduced with its kind")
    func format() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let answer = try await coordinator.get("/metrics", key: nil)
            #expect(answer.status == 200)
            #expect(answer.headers.first(name: "content-type") == "text/plain; version=0.0.4; charset=utf-8")
            var kinds: [Substring: Substring] = [:]
            var samples: [Substring: Double] = [:]
            for line in answer.body.split(separator: "\n") {
                let words = line.split(separator: " ")
                if line.hasPrefix("# TYPE ") {
                    #expect(kinds.updateValue(words[3], forKey: words[2]) == nil, "\(line)")
                } else if !line.hasPrefix("# HELP ") {
                    let value = try #require(Double(words[1]), "\(line)")
                    #expect(words.count == 2 && samples.updateValue(value, forKey: words[0]) == nil, "\(line)")
                    let name = words[0].prefix { $0 != "{" }
                    let endings = ["_bucket", "_sum", "_count"].filter { name.hasSuffix($0) }
                    if let ending = endings.first, kinds[name.dropLast(ending.count)] == "histogram" { continue }
                    #expect(
                        kinds[name]
                            == (name.hasSuffix("_total") && !Self.contractGauges.contains(name) ? "counter" : "gauge")
                    )
                }
            }
            #expect(samples["varpulis_cluster_raft_role"] == 2)
            #expect(samples["varpulis_cluster_raft_members{role=\"voter\"}"] == 1)
            #expect((samples["varpulis_cluster_raft_commit_index"] ?? 0) >= 1)
            #expect(samples["varpulis_cluster_workers_total{status=\"ready\"}"] == 0)
            #expect((samples["varpulis_cluster_raft_disk_commits_total"] ?? 0) >= 1)
            #expect(samples["varpulis_cluster_migrations_total{result=\"success\"}"] == 0)
            #expect(samples["varpulis_cluster_deploy_duration_seconds_count{result=\"failure\"}"] == 0)
            let ready = "{method=\"GET\",route=\"/ready\",status=\"2xx\"}"
            #expect((samples["varpulis_cluster_http_requests_total\(ready)"] ?? 0) >= 1)
            #expect((samples["process_resident_memory_bytes"] ?? 0) > 0)
        }
    }

    /// Gauges all the same: dashboards know them by these names.
    private static let contractGauges: Set<Substring> = [
        "varpulis_cluster_workers_total", "varpulis_cluster_pipeline_groups_total",
        "varpulis_cluster_deployments_total",
    ]
}
