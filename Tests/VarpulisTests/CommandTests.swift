import Foundation
import Testing

@Suite("The command")
struct CommandTests {
    private let files = [
        "good.vpl": """
        event E:
            v: int
        connector Log = file (path: "sink.jsonl")
        connector Screen = console ()
        stream S = E
            .where(v > 1)
            .print("seen", v)
            .emit(v: v)
            .to(Screen)
            .to(Log)
        """,
        "bad.vpl": "stream S = E\n    .to(Nowhere)\n    .where(1)",
        "events.evt": "E { v: 1 }\nE { v: 2 }\n@1s E { v: 3 }",
        "plain.vpl": "event E:\n    v: int\nstream S = E.where(v > 1).emit(v: v)",
        "bad.evt": "E { v: 2 }\n? \"x\"\nE { v: 3 }",
    ]

    @Test("tells its version")
    func version() throws {
        let command = try Command("--version")
        #expect(command.status == 0)
        #expect(command.output == "varpulis 0.3.0\n")
    }

    @Test("ends with 2 when it is used wrongly, and says how to use it", arguments: ["check", "nonsense", "simulate"])
    func usage(argument: String) throws {
        let command = try Command(argument)
        #expect(command.status == 2)
        #expect(command.output.isEmpty)
        #expect(command.errors.contains("Usage:"))
    }

    @Test("lets a coordinator's operator allow leases, and says what that trusts")
    func leases() throws {
        let help = try Command("coordinator", "--help")
        #expect(help.status == 0)
        #expect(help.output.contains("--raft-leases"))
        // Read as a flag of its own: what is wrong is what is missing beside it.
        let command = try Command("coordinator", "--raft", "--raft-leases")
        #expect(command.status == 2)
        #expect(command.errors.contains("--raft needs --raft-peers"))
    }

    @Test("refuses more coordinators than may vote before it writes anything")
    func tooManyPeers() throws {
        let peers = (1...10).map { "http://127.0.0.1:\($0)" }.joined(separator: ",")
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        let command = try Command(
            "coordinator",
            "--raft",
            "--raft-node-id",
            "1",
            "--raft-peers",
            peers,
            "--raft-data-dir",
            folder.path
        )
        #expect(command.status == 2)
        #expect(command.errors.contains("A cluster begins with at most 9 peers, not 10"))
        #expect(!FileManager.default.fileExists(atPath: folder.path))
    }

    @Test("checks programs")
    func check() throws {
        let good = try Command("check", "good.vpl", input: self.files)
        #expect(good.status == 0)
        #expect(good.output == "Syntax OK\n   Statements: 4\n")

        let bad = try Command("check", "bad.vpl", input: self.files)
        #expect(bad.status == 1)
        #expect(bad.output.contains("bad.vpl:2:9: error[E030]"))
        #expect(bad.output.contains("bad.vpl:3:12: error[E060]"))
        #expect(try Command("check", "absent.vpl").status == 1)
    }

    @Test("reports findings as JSON")
    func checkJSON() throws {
        let command = try Command("check", "--json", "bad.vpl", input: self.files)
        #expect(command.status == 1)
        let findings = try JSONDecoder().decode([Finding].self, from: Data(command.output.utf8))
        #expect(findings.map(\.code) == ["W030", "E030", "E060"])
        #expect(findings.map(\.line) == [1, 2, 3])
        #expect(findings.map(\.severity) == ["warning", "error", "error"])
    }

    private struct Finding: Decodable {
        let code: String?
        let line: Int
        let severity: String
    }

    @Test("simulates with a summary alone, or with the output as JSON lines alone on standard output")
    func simulate() throws {
        let summary = try Command("simulate", "-p", "good.vpl", "-e", "events.evt", "--immediate", input: self.files)
        #expect(summary.status == 0)
        #expect(summary.output.contains("Events processed: 3\nOutput events emitted: 2\n"))
        #expect(summary.output.contains("[PRINT] seen 2\n"))
        #expect(summary.output.contains(#"{"event_type":"S","timestamp":"1970-01-01T00:00:00Z","v":2}"#))

        let lines = try Command(
            "simulate",
            "-p",
            "good.vpl",
            "-e",
            "events.evt",
            "--immediate",
            "--output",
            "-",
            input: self.files
        )
        #expect(
            lines.output == """
                {"event_type":"S","timestamp":"1970-01-01T00:00:00Z","fields":{"v":2}}
                {"event_type":"S","timestamp":"1970-01-01T00:00:01Z","fields":{"v":3}}

                """
        )
        #expect(lines.errors.contains("Events processed: 3"))
    }

    @Test("prints trees, as lines or as JSON, or what is wrong")
    func parse() throws {
        let tree = try Command("parse", "good.vpl", input: self.files)
        #expect(tree.status == 0)
        #expect(tree.output.contains("  stream S\n    from E\n    where (v > 1)\n"))
        let json = try Command("parse", "--json", "good.vpl", input: self.files)
        #expect(try JSONDecoder().decode(Node.self, from: Data(json.output.utf8)).children.map(\.line) == [1, 3, 4, 5])
        let bad = try Command("parse", "bad.vpl", input: ["bad.vpl": "let a = )"])
        #expect(bad.status == 1)
        #expect(bad.output.isEmpty)
        #expect(bad.errors.contains("bad.vpl:1:9: error: expected an expression"))
    }

    private struct Node: Decodable {
        let line: Int?
        let children: [Node]
    }

    @Test("names the lines that hold no event, goes on, and ends with 1")
    func badEvents() throws {
        for flag in ["--immediate", "--verbose"] {
            let command = try Command("simulate", "-p", "good.vpl", "-e", "bad.evt", flag, input: self.files)
            #expect(command.status == 1)
            #expect(command.errors.contains("bad.evt:2: expected an event type\n"))
            #expect(command.output.contains("Events processed: 2\n"))
            #expect(command.output.contains("Lines rejected: 1 (malformed 1)\n"))
        }
    }

    @Test("keeps the lines that hold no event where it is told to")
    func deadLetters() throws {
        let command = try Command(
            "simulate",
            "-p",
            "plain.vpl",
            "-e",
            "bad.evt",
            "--immediate",
            "--dead-letter",
            "-",
            "--quiet",
            input: self.files
        )
        #expect(command.status == 0)
        #expect(
            command.output
                == #"{"line":2,"message":"expected an event type","reason":"malformed","text":"? \"x\""}"# + "\n"
        )
    }

    @Test("follows imports, and says in which file something is wrong")
    func imports() throws {
        var files = self.files
        files["types.vpl"] = "event E:\n    v: int\nlet limit = 1"
        files["main.vpl"] = "import \"types.vpl\"\nstream S = E.where(v > limit).emit(v: v)"
        let command = try Command("simulate", "-p", "main.vpl", "-e", "events.evt", "--immediate", input: files)
        #expect(command.status == 0)
        #expect(command.output.contains("Output events emitted: 2\n"))
        files["types.vpl"] = "let limit = nothing()"
        let wrong = try Command("check", "main.vpl", input: files)
        #expect(wrong.status == 1)
        #expect(wrong.output.contains("types.vpl:1:13: error[E050]"))
        #expect(try Command("explain", "main.vpl", input: files).errors.contains("types.vpl:1:13"))
    }

    @Test("runs on several workers, and tells when that may change the output")
    func workers() throws {
        var events = ""
        for number in 0..<5000 { events += "E { k: \(number % 37), v: \(number) }\n" }
        var files = self.files
        files["keyed.vpl"] =
            "stream S = E.partition_by(k).window(3).aggregate(n: sum(v)).where(n > 40).emit(k: k, n: n)"
        files["keyed.evt"] = events
        func run(_ arguments: String...) throws -> Command {
            try Command(
                ["simulate", "-p", "keyed.vpl", "-e", "keyed.evt", "--immediate", "--output", "-"] + arguments,
                input: files
            )
        }
        let one = try run("--workers", "1")
        #expect(one.status == 0)
        #expect(one.output.split(separator: "\n").count > 1000)
        for several in [try run("--workers", "3"), try run("-w", "2", "--partition-by", "k"), try run()] {
            #expect(several.status == 0)
            #expect(several.output == one.output)
            #expect(!several.errors.contains("may differ"))
        }
        let unwise = try run("--workers", "2", "--partition-by", "v")
        #expect(
            unwise.errors.contains(
                "warning: the output may differ from one worker's: stream S gathers events whose v may differ"
            )
        )
        #expect(try run("--workers", "0").status == 2)
        #expect(try Command("simulate", "-p", "a", "-e", "b", "--workers", "2").errors.contains("need --immediate"))
    }
}
