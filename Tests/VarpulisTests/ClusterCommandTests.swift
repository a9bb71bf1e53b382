import Foundation
import Testing

@Suite("varpulis cluster")
struct ClusterCommandTests {
    private static let program = "stream Hot = Reading.where(value > 10).emit(value: value)\n"
    private static let files = [
        "hot.vpl": program,
        "cold.vpl": "stream Cold = Reading.where(value < 10).emit(value: value)\n",
        "bad.vpl": "stream A = Reading.where(\n",
        "group.json": #"""
        {"name": "house", "pipelines": [{"name": "hot", "source": "stream Hot = Reading.where(value > 10).emit(v: value)"}]}
        """#,
        "broken.json": #"{"name": "house"}"#,
    ]

    @Test("deploys a group, tells where it runs, puts another form in its place, and deletes it")
    func groups() async throws {
        let cluster = try await RunningCluster(workers: ["w1"])
        #expect(try cluster.ask("groups").output == "Nothing is deployed.\n")
        let deployed = try cluster.ask(
            "deploy",
            "-f",
            "hot.vpl",
            "-f",
            "cold.vpl",
            "--name",
            "greenhouse",
            "--wait",
            "60",
            input: Self.files
        )
        #expect(deployed.status == 0, "\(deployed.output)\(deployed.errors)")
        #expect(deployed.rows.contains { $0.prefix(3) == ["hot", "w1", "Running"] })
        #expect(deployed.rows.contains { $0.prefix(3) == ["cold", "w1", "Running"] })
        let row = try #require(try cluster.ask("groups").rows.first { $0.first == "greenhouse" })
        #expect(row.prefix(3) == ["greenhouse", "running", "2/2"])
        let id = try #require(row.last)
        let shown = try cluster.ask("groups", id)
        #expect(shown.status == 0 && shown.output.hasPrefix("greenhouse (\(id)): running\n"))
        #expect(try cluster.ask("workers").rows.contains { $0.prefix(3) == ["w1", "ready", "2/100"] })

        let status = try cluster.ask("status")
        #expect(status.status == 0, "\(status.output)\(status.errors)")
        #expect(status.rows.first == ["LEADER", "this", "coordinator,", "which", "runs", "alone"])
        #expect(status.rows.contains(["WORKERS", "1", "healthy,", "0", "unhealthy,", "0", "draining"]))
        #expect(status.rows.contains(["GROUPS", "1", "of", "1", "running"]))
        #expect(status.rows.contains(["PIPELINES", "2", "of", "2", "running"]))
        #expect(status.rows.contains(["MOVES", "0", "under", "way"]))

        let updated = try cluster.ask(
            "deploy",
            "--update",
            "-f",
            "hot.vpl",
            "--name",
            "greenhouse",
            "--wait",
            "60",
            input: Self.files
        )
        #expect(updated.status == 0, "\(updated.output)\(updated.errors)")
        #expect(updated.output.hasPrefix("greenhouse (\(id)): running\n") && !updated.output.contains("cold"))
        let late = try cluster.ask("rollback", "greenhouse")
        #expect(late.status == 1)
        #expect(late.errors == "Error: The group has no update under way.\n")

        #expect(try cluster.end("w1") == 0)
        let idle = try await eventually("a pipeline without a worker") {
            let status = try cluster.ask("status")
            return status.status == 1 ? status : nil
        }
        #expect(idle.rows.contains(["PIPELINES", "0", "of", "1", "running"]))
        #expect(idle.rows.contains { $0.prefix(2) == ["greenhouse", "hot"] })
        let homeless = try cluster.ask("deploy", "-f", "hot.vpl", input: Self.files)
        #expect(homeless.status == 1)
        #expect(homeless.errors.hasPrefix("Error: No workers available for deployment: "), "\(homeless.errors)")

        let deleted = try cluster.ask("delete", "greenhouse")
        #expect(deleted.status == 0, "\(deleted.errors)")
        let gone = try cluster.ask("groups", "greenhouse")
        #expect(gone.status == 1)
        #expect(gone.errors == "Error: There is no pipeline group named greenhouse, and none with this id.\n")
        #expect(try cluster.end() == 0)
    }

    @Test("moves pipelines between workers, empties a worker, and gives it work again")
    func moves() async throws {
        let cluster = try await RunningCluster(workers: ["w1", "w2"])
        let deployed = try cluster.ask("deploy", "-f", "group.json", "--wait", "60", input: Self.files)
        #expect(deployed.status == 0, "\(deployed.output)\(deployed.errors)")
        func place() throws -> String? {
            let group: Group = try cluster.ask("groups", "house", "--json").decoded()
            return group.placements.first { $0.pipelineName == "hot" && $0.status == "Running" }?.workerId
        }
        let first = try #require(try place())
        let second = first == "w1" ? "w2" : "w1"

        let moved = try cluster.ask("migrate", "house", "hot", "--to", second, "--wait")
        #expect(moved.status == 0, "\(moved.output)\(moved.errors)")
        #expect(moved.output.hasPrefix("Pipeline hot of house runs on worker \(second), after "))
        #expect(moved.errors.hasSuffix("completed\n"))
        #expect(try place() == second)
        let list = try cluster.ask("migrations")
        #expect(list.rows.contains { $0.contains("manual") && $0.contains(second) && $0.last == "completed" })
        for (arguments, sentence) in [
            (["migrate", "house", "hot", "--to", second], "is at worker \(second) already"),
            (["migrate", "house", "hot", "--to", "nobody"], "Worker not found: nobody"),
            (["migrate", "house", "cold#1", "--to", first], "Pipeline not found: "),
        ] as [([String], String)] {
            let refused = try cluster.ask(arguments)
            #expect(refused.status == 1 && refused.errors.contains(sentence), "\(refused.errors)")
        }
        #expect(try cluster.ask("rebalance").output == "Nothing needs to be moved.\n")

        let drained = try cluster.ask("drain", second, "--timeout", "60")
        #expect(drained.status == 0, "\(drained.errors)")
        #expect(drained.output == "Worker \(second) is empty. Pipelines that left it: 1.\n")
        #expect(try place() == first)
        #expect(try cluster.ask("workers").rows.contains { $0.prefix(3) == [second, "draining", "0/100"] })
        // There is nowhere to go.
        let full = try cluster.ask("drain", first, "--timeout", "1")
        #expect(full.status == 75, "\(full.output)\(full.errors)")
        #expect(full.output.hasSuffix("still there, and go on: 1.\n"))
        for worker in [first, second] {
            let back = try cluster.ask("drain", worker, "--cancel")
            #expect(back.output == "Worker \(worker) is not drained any more: it is ready.\n", "\(back.errors)")
        }

        let workers: [Worker] = try cluster.ask("workers", "--json").decoded()
        #expect(workers.map(\.id) == ["w1", "w2"])
        #expect(workers.first { $0.id == first }?.assignedPipelines == ["hot"])
        let status: Status = try cluster.ask("status", "--json").decoded()
        #expect(status.hasLeader && status.workers.healthy == 2)
        #expect(status.pipelines.running == 1 && status.pipelines.total == 1)
        #expect(try cluster.end() == 0)
    }

    @Test("what can't be done is refused with a sentence")
    func refusals() async throws {
        let cluster = try await RunningCluster(workers: [])
        for (arguments, sentence) in [
            (["deploy", "-f", "bad.vpl"], "Error: Pipeline bad, line "),
            (["deploy", "-f", "bad.vpl"], ": error: "),
            (["deploy", "-f", "broken.json"], "Error: broken.json: missing field `pipelines`"),
            (["deploy", "-f", "absent.vpl"], "Error: cannot read absent.vpl"),
            (["deploy", "-f", "hot.vpl", "--update"], "Error: There is no pipeline group named hot."),
            (["deploy", "-f", "hot.vpl", "-n", ""], "Error: Invalid request body: the group needs a name."),
            (["groups", "nothing"], "Error: There is no pipeline group named nothing"),
            (["delete", "nothing"], "Error: There is no pipeline group named nothing"),
            (["rollback", "nothing"], "Error: There is no pipeline group named nothing"),
            (["migrate", "nothing", "hot", "--to", "w1"], "Error: There is no pipeline group named nothing"),
            (["drain", "no/body"], "Error: Worker not found: no/body."),
            (["drain", "no/body", "--cancel"], "Error: Worker not found: no/body."),
        ] as [([String], String)] {
            let refused = try cluster.ask(arguments, input: Self.files)
            #expect(refused.status == 1 && refused.output.isEmpty, "\(arguments)")
            #expect(refused.errors.contains(sentence), "\(refused.errors)")
        }
        let stranger = try Command("cluster", "workers", "--coordinator", cluster.url, "--api-key", "wrong")
        #expect(stranger.status == 1)
        #expect(stranger.errors == "Error: Invalid or missing API key.\n")
        #expect(try cluster.ask("workers").output == "There are no workers.\n")
        #expect(try cluster.end() == 0)
        let late = try cluster.ask("workers")
        #expect(late.status == 69)
        #expect(late.errors.hasPrefix("Error: No coordinator answers: \(cluster.url) ("), "\(late.errors)")
    }

    @Test(
        "what can't be meant is refused with 2",
        arguments: [
            (["deploy"], "Missing expected argument"),
            (["deploy", "-f", "a.json", "-f", "b.vpl"], "it comes alone"),
            (["deploy", "-f", "a.json", "--replicas", "2"], "are for programs"),
            (["deploy", "-f", "a.vpl", "--replicas", "0"], "--replicas is at least 1."),
            (["deploy", "-f", "a.vpl", "--wait", "61"], "--wait is 0 to 60 seconds."),
            (["deploy", "-f", "a.vpl", "--update", "--atomic"], "--atomic is for new groups"),
            (["drain", "w1", "--timeout", "601"], "--timeout is 0 to 600 seconds."),
            (["drain", ""], "A worker's id is not empty."),
            (["migrate", "g", "p"], "Missing expected argument"),
        ]
    )
    func usage(arguments: [String], sentence: String) throws {
        let command = try Command(["cluster"] + arguments)
        #expect(command.status == 2)
        #expect(command.errors.contains(sentence), "\(command.errors)")
    }

    @Test("tells what one coordinator knows while there is no leader, and ends with 1")
    func leaderless() async throws {
        let peers = (1...3).map { "http://127.0.0.1:\($0)" }.joined(separator: ",")
        let coordinator = try RunningCommand([
            "coordinator", "--port", "0", "--raft", "--raft-node-id", "1", "--raft-peers", peers, "--data-dir", "data",
            "--api-key", "right",
        ])
        defer { if coordinator.isRunning { coordinator.terminate() } }
        let port = try await coordinator.port()
        let flags = ["--coordinator", "http://127.0.0.1:\(port)", "--api-key", "right"]
        let status = try Command(["cluster", "status"] + flags)
        #expect(status.status == 1, "\(status.errors)")
        #expect(status.rows.first?.prefix(2) == ["LEADER", "none:"])
        #expect(status.rows.contains(["PIPELINES", "0", "of", "0", "running"]))
        let json: Status = try Command(["cluster", "status", "--json"] + flags).decoded()
        #expect(!json.hasLeader && json.leaderId == nil)
    }

    private struct Group: Decodable {
        let placements: [Placement]

        struct Placement: Decodable {
            let pipelineName: String
            let workerId: String
            let status: String
        }
    }

    private struct Worker: Decodable {
        let id: String
        let assignedPipelines: [String]
    }

    private struct Status: Decodable {
        let hasLeader: Bool
        let leaderId: UInt32?
        let workers: Workers
        let pipelines: Share

        struct Workers: Decodable { let healthy: Int }
        struct Share: Decodable {
            let total: Int
            let running: Int
        }
    }
}

/// A coordinator that runs alone, and its workers, as processes.
private final class RunningCluster {
    private(set) var url = ""
    private let coordinator: RunningCommand
    private var workers: [String: RunningCommand] = [:]
    private static let key = "right"

    /// Returns once all of the workers are ready.
    init(workers names: [String]) async throws {
        self.coordinator = try RunningCommand([
            "coordinator", "--port", "0", "--data-dir", "data", "--api-key", RunningCluster.key,
        ])
        let port = try await self.coordinator.port()
        self.url = "http://127.0.0.1:\(port)"
        for name in names {
            self.workers[name] = try RunningCommand([
                "server", "--port", "0", "--coordinator", self.url, "--worker-id", name, "--api-key", Self.key,
                "--drain-timeout", "0",
            ])
        }
        _ = try await eventually("ready workers") {
            let list = try self.ask("workers")
            return list.status == 0 && list.rows.count { $0.contains("ready") } == names.count ? true : nil
        }
    }

    /// What a test that fails has left running.
    deinit {
        for process in Array(self.workers.values) + [self.coordinator] where process.isRunning { process.terminate() }
    }

    func ask(_ arguments: String..., input: [String: String] = [:]) throws -> Command {
        try self.ask(arguments, input: input)
    }

    func ask(_ arguments: [String], input: [String: String] = [:]) throws -> Command {
        try Command(["cluster"] + arguments + ["--coordinator", self.url, "--api-key", Self.key], input: input)
    }

    /// Ends a worker, and returns its exit code.
    func end(_ worker: String) throws -> Int32? {
        guard let process = self.workers.removeValue(forKey: worker) else { return nil }
        process.terminate()
        return try process.end().status
    }

    /// Ends everything, the coordinator last, and returns the sum of the exit codes.
    func end() throws -> Int32 {
        var sum: Int32 = 0
        for worker in self.workers.keys.sorted() { sum += try self.end(worker) ?? 0 }
        self.coordinator.terminate()
        return try sum + self.coordinator.end().status
    }
}

extension Command {
    /// What it printed, read as JSON.
    fileprivate func decoded<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(self.output.utf8))
    }

    /// The words of each line that it printed.
    fileprivate var rows: [[String]] {
        self.output.split(separator: "\n").map { line in line.split(separator: " ").map(String.init) }
    }
}
