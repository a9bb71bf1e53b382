import Foundation
import Linearizability
import Testing

@testable import check_history

@Suite("History files")
struct HistoryFileTests {
    private func finding<Model: RecordedModel>(_ text: String, _ model: Model) throws -> Finding {
        try Finding(Data(text.utf8), model, Finding.Limits())
    }

    private func problem(_ text: String) -> String? {
        do {
            _ = try self.finding(text, RegisterModel<String>())
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("a good history of registers passes, with every kind of operation and outcome")
    func good() throws {
        let finding = try self.finding(
            """
            {"client":1,"key":"k","op":"get","call":1,"return":2,"ok":true,"result":null}
            {"client":1,"key":"k","op":"create","value":"1","call":3,"return":4,"ok":true,"result":true}

            {"client":1,"key":"k","op":"create","value":"2","call":5,"return":6,"ok":true,"result":false}
            {"client":1,"key":"k","op":"cas","expected":"1","value":"3","call":7,"return":8,"ok":true,"result":true}
            {"client":1,"key":"k","op":"put","value":"4","call":9,"return":10,"ok":true}
            {"client":2,"key":"k","op":"update","value":"5","call":9,"return":null,"ok":null}
            {"client":3,"key":"k","op":"put","value":"6","call":9,"return":10,"ok":false}
            {"client":1,"key":"k","op":"get","call":11,"return":12,"ok":true,"result":"4"}
            {"client":1,"key":"k","op":"get","call":13,"return":14,"ok":true,"result":"5"}
            {"client":1,"key":"k","op":"delete","call":15,"return":16,"ok":true,"result":true}
            {"client":1,"key":"j","op":"delete","call":15,"return":16,"ok":true,"result":false}
            """,
            RegisterModel()
        )
        #expect(finding.code == 0)
        #expect(finding.text == "linearizable: 11 operations on 2 keys, 1 without an answer, 1 that failed")
    }

    @Test("a stale read is a violation, and told in words")
    func bad() throws {
        let finding = try self.finding(
            """
            {"client":1,"key":"k","op":"put","value":"1","call":1,"return":2,"ok":true}
            {"client":2,"key":"k","op":"get","call":3,"return":4,"ok":true,"result":null}
            """,
            RegisterModel()
        )
        #expect(finding.code == 1)
        #expect(finding.text.hasPrefix("NOT linearizable: 2 operations on 1 keys"))
        #expect(finding.text.hasSuffix("client 2 [3, 4] read -> nothing"))
    }

    @Test("lists and counters are read too", arguments: [true, false])
    func otherModels(isGood: Bool) throws {
        let list = try self.finding(
            """
            {"client":1,"key":"k","op":"append","value":"a","call":1,"return":2,"ok":true}
            {"client":1,"key":"k","op":"append","value":"b","call":3,"return":4,"ok":true}
            {"client":1,"key":"k","op":"get","call":5,"return":6,"ok":true,"result":\(isGood ? #"["a","b"]"# : #"["b"]"#)}
            """,
            AppendListModel()
        )
        #expect(list.code == (isGood ? 0 : 1))
        let counter = try self.finding(
            """
            {"client":1,"key":"k","op":"increment","call":1,"return":4,"ok":true,"result":1}
            {"client":2,"key":"k","op":"increment","call":3,"return":4,"ok":true,"result":\(isGood ? 2 : 1)}
            {"client":2,"key":"k","op":"get","call":5,"return":6,"ok":true,"result":2}
            """,
            CounterModel()
        )
        #expect(counter.code == (isGood ? 0 : 1))
    }

    @Test("a search that gives up is no pass")
    func givesUp() throws {
        var lines = (0..<14).map {
            #"{"client":1,"key":"k","op":"append","value":"\#($0)","call":1,"return":2,"ok":true}"#
        }
        lines.append(#"{"client":1,"key":"k","op":"get","call":3,"return":4,"ok":true,"result":["x"]}"#)
        let bytes = Data(lines.joined(separator: "\n").utf8)
        let few = try Finding(bytes, AppendListModel(), Finding.Limits(attempts: 1_000))
        #expect(few.code == 2)
        #expect(
            few.text == "gave up at key k, so that nothing is proved: 15 operations on 1 keys, "
                + "0 without an answer, 0 that failed"
        )
        let late = try Finding(bytes, AppendListModel(), Finding.Limits(attempts: .max) { true })
        #expect(late.code == 2)
    }

    @Test("what is no history is refused with its line and reason")
    func refusals() {
        let good = #"{"client":1,"key":"k","op":"get","call":1,"return":2,"ok":true,"result":null}"#
        #expect(self.problem(good) == nil)
        let bad: [(String, String)] = [
            ("nonsense", "not a JSON object of the format"),
            ("[]", "`the line` has the wrong type"),
            (#"{"key":"k","op":"get","call":1}"#, "`client` is missing"),
            (#"{"client":1,"key":7,"op":"get","call":1}"#, "`key` has the wrong type"),
            (#"{"client":1,"key":"k","op":"get","call":-1}"#, "not a JSON object of the format"),
            (
                #"{"client":1,"key":"k","op":"drop","call":1}"#,
                "`op` is \"drop\"; it must be get, put, create, update, delete or cas"
            ),
            (#"{"client":1,"key":"k","op":"put","call":1}"#, "`put` needs a `value`"),
            (#"{"client":1,"key":"k","op":"get","call":1,"ok":true}"#, "`ok` is true without `return`"),
            (
                #"{"client":1,"key":"k","op":"get","call":3,"return":2,"ok":true,"result":null}"#,
                "`return` lies before `call`"
            ),
            (
                #"{"client":1,"key":"k","op":"get","call":1,"return":2,"ok":true}"#,
                "the `result` of \"get\" must be a string or null"
            ),
            (
                #"{"client":1,"key":"k","op":"delete","call":1,"return":2,"ok":true,"result":"x"}"#,
                "the `result` of \"delete\" must be true or false"
            ),
            (
                #"{"client":1,"key":"k","op":"get","call":1,"return":2,"ok":true,"result":{}}"#,
                "`result` has the wrong type"
            ),
            (#"{"client":1,"key":"\#(String(repeating: "k", count: 1 << 20))"}"#, "longer than 1048576 bytes"),
        ]
        for (line, problem) in bad {
            #expect(self.problem("\(good)\n\(line)\n") == "line 2: \(problem)")
        }
    }

    @Test("a file that is not there is said to be so")
    func missing() {
        #expect(throws: HistoryError.self) { try HistoryFile.bytes(at: "/nowhere/history.jsonl") }
    }
}
