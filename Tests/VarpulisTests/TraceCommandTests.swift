import Foundation
import Testing

@Suite("The trace command")
struct TraceCommandTests {
    private let files = [
        "fraud.vpl": """
        event Login:
            user: str
            limit: int
        event Withdrawal:
            user: str
            amount: int
        stream Fraud = Login as a -> Withdrawal where amount > a.limit as w
            .partition_by(user)
            .within(1m)
            .emit(user: user, amount: w.amount)
        """,
        "day.evt": """
        @1s Login { user: "ann", limit: 10 }
        @2s Withdrawal { user: "bob", amount: 50 }
        @3s Withdrawal { user: "ann", amount: 5 }
        @4s Login { user: "ann", limit: 20 }
        @5s Withdrawal { user: "ann", amount: 15 }
        """,
    ]

    @Test("tells of the events of a key, and what is open for it")
    func file() throws {
        let command = try Command(
            ["trace", "-p", "fraud.vpl", "-e", "day.evt", "--key", "ann"],
            input: self.files
        )
        #expect(command.status == 0, "\(command.errors)")
        #expect(
            command.output == """
                line 1: Login {user: "ann", limit: 10} at 1970-01-01T00:00:01Z
                  stream Fraud, key "ann"
                    run 1 begins with it; the run waits for Withdrawal where amount > a.limit as w
                line 3: Withdrawal {user: "ann", amount: 5} at 1970-01-01T00:00:03Z
                  stream Fraud, key "ann"
                    run 1 stays: the run waits for Withdrawal where amount > a.limit as w
                      `amount > a.limit` is false: 5 > 10
                line 4: Login {user: "ann", limit: 20} at 1970-01-01T00:00:04Z
                  stream Fraud, key "ann"
                    run 1 stays: the run waits for Withdrawal where amount > a.limit as w, not for Login
                    run 2 begins with it; the run waits for Withdrawal where amount > a.limit as w
                line 5: Withdrawal {user: "ann", amount: 15} at 1970-01-01T00:00:05Z
                  stream Fraud, key "ann"
                    run 1 goes on: step 2, Withdrawal as w, takes it: the run is complete
                    run 2 stays: the run waits for Withdrawal where amount > a.limit as w
                      `amount > a.limit` is false: 15 > 20
                    emits Fraud {user: "ann", amount: 15}

                At the end:
                stream Fraud, user "ann": 1 open run
                  its time is 1970-01-01T00:00:05Z
                  run 2, since 1970-01-01T00:00:04Z
                    has       Login as a: a.limit 20, a.user "ann"
                    waits for Withdrawal where amount > a.limit as w
                    until     1970-01-01T00:01:04Z

                Events processed: 5
                Output events emitted: 1

                """
        )
    }

    @Test("tells of all events or of one stream where that is asked for, as JSON too")
    func json() throws {
        let command = try Command(
            [
                "trace", "-p", "fraud.vpl", "-e", "day.evt", "--key", "ann", "--stream", "Fraud", "--follow-all",
                "--json",
            ],
            input: self.files
        )
        #expect(command.status == 0, "\(command.errors)")
        struct Line: Decodable {
            struct Stream: Decodable {
                struct Note: Decodable {
                    let kind: String
                    let run: Int?
                }
                let stream: String
                let notes: [Note]
            }
            let line: Int?
            let streams: [Stream]?
        }
        let lines = try command.output.split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
        #expect(lines.map(\.line) == [1, 2, 3, 4, 5, nil, nil])
        let kinds = lines.map { $0.streams?.flatMap(\.notes).map(\.kind) ?? [] }
        let told = [["started"], ["idle"], ["waiting"], ["waiting", "started"], ["completed", "waiting", "emitted"]]
        #expect(kinds == told + [[], []])
        #expect(command.output.contains(#"{"counters":{"events_processed":5,"#))
    }

    @Test("lists the keys with the most runs, and keys that look like one that is not there")
    func keys() throws {
        let listed = try Command(["trace", "-p", "fraud.vpl", "-e", "day.evt"], input: self.files)
        #expect(listed.status == 0)
        #expect(listed.output.hasPrefix("stream Fraud: 1 open run of 1 user\n  \"ann\"  1\n"), "\(listed.output)")
        let unknown = try Command(["trace", "-p", "fraud.vpl", "-e", "day.evt", "--key", "anne"], input: self.files)
        #expect(unknown.status == 1)
        #expect(unknown.errors == "Error: no event has the key anne in user; there is ann.\n")
    }

    @Test("is refused without a program, and with both a file and a pipeline")
    func usage() throws {
        #expect(try Command(["trace", "--key", "k"]).status == 2)
        #expect(
            try Command(["trace", "-p", "fraud.vpl", "-e", "day.evt", "--pipeline", "x", "--key", "k"]).status == 2
        )
        let stream = try Command(["trace", "-p", "fraud.vpl", "-e", "day.evt", "--stream", "Frau"], input: self.files)
        #expect(stream.status == 1)
        #expect(stream.errors == "Error: the program has no stream Frau. It has Fraud.\n")
    }
}
