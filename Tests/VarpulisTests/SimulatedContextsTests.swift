import Testing

@Suite("Simulated contexts")
struct SimulatedContextsTests {
    private let files = [
        "contexts.vpl": """
        context First
        context Second
        event E:
            v: int
        stream S = E
            .context(First)
            .where(v > 1)
            .emit(v: v)
        stream T = S
            .context(Second)
            .print("seen", v)
            .emit(w: v)
        """,
        "events.evt": "E { v: 1 }\nE { v: 2 }\n@10ms E { v: 3 }\n",
    ]

    private func simulate(_ flags: String...) throws -> Command {
        let command = ["simulate", "-p", "contexts.vpl", "-e", "events.evt", "--output", "-"] + flags
        return try Command(command, input: self.files)
    }

    @Test("run on threads with and without the timing of the file, and tell what was handed over")
    func threads() throws {
        for flags in [[], ["--immediate"]] {
            let command = try flags.isEmpty ? self.simulate() : self.simulate(flags[0])
            #expect(command.status == 0, "\(command.errors)")
            let lines = command.output.split(separator: "\n").filter { $0.contains("\"T\"") }
            #expect(lines.count == 2)
            #expect(command.output.split(separator: "\n").count == 4)
            #expect(command.errors.contains("[PRINT] seen 2\n[PRINT] seen 3\n"))
            #expect(command.errors.contains("Events processed: 3\nOutput events emitted: 4\n"))
            #expect(command.errors.contains("Contexts: 2\nEvents handed over: 2, waited 0 times"))
        }
    }

    @Test("run on one thread where that is asked for")
    func singleThread() throws {
        let command = try self.simulate("--single-thread")
        #expect(command.status == 0, "\(command.errors)")
        #expect(command.output.split(separator: "\n").count == 4)
        #expect(!command.errors.contains("Contexts:"))
        #expect(command.errors.contains("Events processed: 3\nOutput events emitted: 4\n"))
    }

    @Test("are refused in a circle, at its place")
    func circle() throws {
        let program = """
            context C
            stream S = A.emit(v: v)
            stream T = S.context(C).emit(v: v)
            stream U = T.emit(v: v)
            """
        let command = try Command("check", "circle.vpl", input: ["circle.vpl": program])
        #expect(command.status == 1)
        #expect((command.output + command.errors).contains("circle.vpl:4:8: error[E034]"))
    }
}
