import Testing

@Suite("What streams of a simulation may hold")
struct SimulatedMemoryTests {
    private func simulate(_ flags: String...) throws -> Command {
        let events = (1...60_000).map { "A { n: \($0) }\n" }.joined()
        let files = [
            "pairs.vpl": "stream S = A as a -> B where n == a.n as b\n    .emit(n: b.n)", "events.evt": events,
        ]
        let command = ["simulate", "-p", "pairs.vpl", "-e", "events.evt", "--runs-per-key", "1000000"] + flags
        return try Command(command, input: files)
    }

    @Test("ends the simulation when it is more, and says what to do, event by event and over batches")
    func wait() throws {
        for flags in [["--immediate", "--workers", "1"], ["--single-thread", "--output", "-"]] {
            let command = try self.simulate(flags[0], flags[1], flags[2], "--stream-memory", "1")
            #expect(command.status == 1)
            #expect(command.errors.contains("stream S holds"), "\(command.errors.suffix(400))")
            #expect(command.errors.contains("more than --stream-memory allows: give it more, or let its runs give way"))
        }
    }

    @Test("and is kept to if runs give way")
    func giveWay() throws {
        for (policy, limit) in [("refuse", "runs_refused"), ("drop-oldest", "runs_evicted")] {
            let command = try self.simulate("--immediate", "--stream-memory", "1", "--when-full", policy)
            #expect(command.status == 0, "\(command.errors)")
            #expect(command.output.contains(limit), "\(command.output)")
        }
        #expect(try self.simulate("--immediate").status == 0)
    }

    @Test(
        "must make sense",
        arguments: [["--stream-memory", "0"], ["--when-full", "never"], ["--runs-per-key", "0"]]
    )
    func refuses(flags: [String]) throws {
        #expect(try self.simulate(flags[0], flags[1]).status == 2)
    }
}
