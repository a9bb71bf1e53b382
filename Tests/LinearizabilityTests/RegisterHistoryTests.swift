import Linearizability
import Testing

/// Histories of one register, each with the one thing that makes it possible or impossible.
@Suite("Register histories")
struct RegisterHistoryTests {
    private typealias Register = RegisterModel<Int>

    private func verdict(_ write: (inout Script<Register>) -> Void) -> Verdict<String> {
        var script = Script<Register>()
        write(&script)
        return LinearizabilityChecker(Register()).check(script.history)
    }

    @Test("an empty history is fine")
    func empty() {
        #expect(self.verdict { _ in }.isLinearizable)
    }

    @Test("a read may see a write that overlaps it, or not yet")
    func overlap() {
        for seen in [nil, 1] {
            let verdict = self.verdict {
                $0.add(1, 0, 10, .write(1), .done)
                $0.add(2, 5, 6, .read, .value(seen))
            }
            #expect(verdict.isLinearizable)
        }
    }

    @Test("operations that touch at one moment overlap")
    func touching() {
        let verdict = self.verdict {
            $0.add(1, 0, 5, .read, .value(1))
            $0.add(2, 5, 9, .write(1), .done)
        }
        #expect(verdict.isLinearizable)
    }

    @Test("a stale read is found, and is the one that is named")
    func staleRead() throws {
        let verdict = self.verdict {
            $0.add(1, 0, 10, .write(1), .done)
            $0.add(1, 20, 30, .write(2), .done)
            $0.add(2, 40, 50, .read, .value(1))
            $0.add(2, 60, 70, .read, .value(2))
        }
        let example = try #require(verdict.counterexample)
        #expect(example.misfit == 2)
        #expect(example.order == [0, 1])
        #expect(
            example.description == """
                key k: no order of its operations gives the answers that the clients got.
                Up to here there is one:
                  client 1 [0, 10] write 1
                  client 1 [20, 30] write 2
                Then it holds 2, and this answer does not fit, nor does it in any other order:
                  client 2 [40, 50] read -> 1
                """
        )
    }

    @Test("a read of what was never written is found")
    func neverWritten() throws {
        let verdict = self.verdict {
            $0.add(1, 0, 10, .write(1), .done)
            $0.add(2, 5, 20, .read, .value(9))
        }
        #expect(try #require(verdict.counterexample).misfit == 1)
    }

    @Test("a value read before anything was written is found")
    func readOfNothing() throws {
        let verdict = self.verdict { $0.add(1, 0, 10, .read, .value(9)) }
        #expect(
            try #require(verdict.counterexample).description == """
                key k: no order of its operations gives the answers that the clients got.
                It holds nothing, and already the first answer does not fit:
                  client 1 [0, 10] read -> 9
                """
        )
    }

    @Test("a read from the future is found")
    func future() {
        let verdict = self.verdict {
            $0.add(1, 0, 4, .read, .value(1))
            $0.add(2, 5, 9, .write(1), .done)
        }
        #expect(verdict.counterexample?.misfit == 0)
    }

    @Test("once one client has read a new value, no other reads the old one")
    func nonMonotonicReads() {
        let verdict = self.verdict {
            $0.add(1, 0, 10, .write(1), .done)
            $0.add(1, 20, 100, .write(2), .done)
            $0.add(2, 30, 40, .read, .value(2))
            $0.add(3, 50, 60, .read, .value(1))
        }
        #expect(verdict.counterexample?.misfit == 3)
    }

    @Test("an acknowledged write that nobody sees is found")
    func lostUpdate() {
        let verdict = self.verdict {
            $0.add(1, 0, 10, .write(1), .done)
            $0.add(2, 20, 30, .write(2), .done)
            $0.add(1, 40, 50, .compareAndSet(expected: 1, new: 3), .done)
        }
        #expect(verdict.counterexample?.misfit == 2)
    }

    @Test("of two conditional changes from one value, one is refused", arguments: [true, false])
    func conditionalChanges(bothDone: Bool) {
        let verdict = self.verdict {
            $0.add(1, 0, 10, .write(1), .done)
            $0.add(1, 20, 40, .compareAndSet(expected: 1, new: 2), .done)
            $0.add(2, 20, 40, .compareAndSet(expected: 1, new: 3), bothDone ? .done : .refused)
        }
        #expect(verdict.isLinearizable == !bothDone)
    }

    @Test("creating, updating and deleting say whether the value was there")
    func conditions() {
        let good = self.verdict {
            $0.add(1, 0, 1, .update(1), .refused)
            $0.add(1, 2, 3, .delete, .refused)
            $0.add(1, 4, 5, .create(1), .done)
            $0.add(1, 6, 7, .create(1), .done)
            $0.add(1, 8, 9, .create(2), .refused)
            $0.add(1, 10, 11, .update(3), .done)
            $0.add(1, 12, 13, .delete, .done)
            $0.add(1, 14, 15, .read, .value(nil))
        }
        #expect(good.isLinearizable)
        let bad: [(Register.Operation, Register.Result)] = [
            (.update(1), .done), (.delete, .done), (.create(1), .refused), (.read, .done), (.write(1), .refused),
        ]
        for (operation, result) in bad {
            #expect(self.verdict { $0.add(1, 0, 1, operation, result) }.counterexample?.misfit == 0)
        }
    }

    @Test("a write without an answer may happen at once, late, or never")
    func unknownWrite() {
        let seen: [[Int?]] = [[1, 1, 1], [nil, nil, 1], [nil, nil, nil]]
        for values in seen {
            let verdict = self.verdict {
                $0.add(1, 0, nil, .write(1))
                for (place, value) in values.enumerated() {
                    $0.add(2, UInt64(100 * place + 100), UInt64(100 * place + 150), .read, .value(value))
                }
            }
            #expect(verdict.isLinearizable, "\(values)")
        }
    }

    @Test("a write without an answer happens once at most, and not before its call")
    func unknownWriteTwice() {
        let twice = self.verdict {
            $0.add(1, 0, nil, .write(1))
            $0.add(2, 10, 20, .read, .value(1))
            $0.add(2, 30, 40, .write(2), .done)
            $0.add(2, 50, 60, .read, .value(1))
        }
        #expect(twice.counterexample?.misfit == 3)
        let early = self.verdict {
            $0.add(2, 0, 5, .read, .value(1))
            $0.add(1, 10, nil, .write(1))
        }
        #expect(early.counterexample?.misfit == 0)
    }

    @Test("two equal writes without an answer explain two appearances, and no third")
    func unknownTwins() {
        for appearances in 1...3 {
            let verdict = self.verdict {
                $0.add(1, 0, nil, .write(1))
                $0.add(2, 1, nil, .write(1))
                for round in 0..<UInt64(appearances) {
                    $0.add(3, 100 * round + 10, 100 * round + 20, .write(2), .done)
                    $0.add(3, 100 * round + 30, 100 * round + 40, .read, .value(1))
                }
            }
            #expect(verdict.isLinearizable == (appearances < 3))
        }
    }

    @Test("what failed did nothing: its value may not be seen")
    func failed() {
        var history = History<String, Register.Operation, Register.Result>()
        history.fail(history.call(.write(1), on: "k", by: 1, at: 0))
        let read = history.call(.read, on: "k", by: 2, at: 10)
        history.complete(read, with: .value(nil), at: 20)
        #expect(LinearizabilityChecker(Register()).check(history).isLinearizable)
        let second = history.call(.read, on: "k", by: 2, at: 30)
        history.complete(second, with: .value(1), at: 40)
        #expect(LinearizabilityChecker(Register()).check(history).counterexample?.misfit == second)
    }

    @Test("keys are apart from each other, and the one that is broken is named")
    func keys() throws {
        let verdict = self.verdict {
            $0.add(1, 0, 10, .write(1), .done, key: "a")
            $0.add(1, 20, 30, .write(2), .done, key: "b")
            $0.add(2, 40, 50, .read, .value(1), key: "a")
            $0.add(2, 60, 70, .read, .value(1), key: "b")
        }
        let example = try #require(verdict.counterexample)
        #expect(example.key == "b")
        #expect(example.misfit == 3)
        #expect(example.order == [1])
    }

    @Test("of a long history, only the end of the explained part is told")
    func longExplanation() throws {
        let verdict = self.verdict {
            for number in 0..<100 {
                $0.add(1, UInt64(10 * number), UInt64(10 * number + 5), .write(number), .done)
            }
            $0.add(1, 2_000, 2_001, .read, .value(7))
        }
        let lines = try #require(verdict.counterexample).description.split(separator: "\n")
        #expect(lines.count == 24)
        #expect(lines[1] == "Up to here there is one, of 100 operations; the last of them:")
        #expect(lines[2] == "  client 1 [800, 805] write 80")
    }
}
