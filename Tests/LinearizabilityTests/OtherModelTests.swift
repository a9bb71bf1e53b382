import Linearizability
import Testing

@Suite("Append lists and counters")
struct OtherModelTests {
    @Test("a list shows its elements in one order to all", arguments: [[1, 2, 3], [2, 1, 3]])
    func list(second: [Int]) {
        var script = Script<AppendListModel<Int>>()
        script.add(1, 0, 10, .append(1), .appended)
        script.add(2, 0, 10, .append(2), .appended)
        script.add(3, 20, 30, .read, .elements([1, 2]))
        script.add(1, 40, 50, .append(3), .appended)
        script.add(3, 60, 70, .read, .elements(second))
        let verdict = LinearizabilityChecker(AppendListModel()).check(script.history)
        #expect(verdict.isLinearizable == (second == [1, 2, 3]))
    }

    @Test("a list neither loses an element nor has one twice")
    func lostElement() throws {
        for seen in [[2], [1, 2, 2], [1, 1, 2]] {
            var script = Script<AppendListModel<Int>>()
            script.add(1, 0, 10, .append(1), .appended)
            script.add(1, 20, 30, .append(2), .appended)
            script.add(2, 40, 50, .read, .elements(seen))
            let example = try #require(LinearizabilityChecker(AppendListModel()).check(script.history).counterexample)
            #expect(example.misfit == 2)
            #expect(example.description.contains("Then it holds [1, 2]"))
        }
    }

    @Test("an append without an answer may show late, but only at the end")
    func unknownAppend() {
        for (late, isFine) in [([1, 2], true), ([2, 1], false)] {
            var script = Script<AppendListModel<Int>>()
            script.add(1, 0, nil, .append(2))
            script.add(2, 10, 20, .append(1), .appended)
            script.add(2, 30, 40, .read, .elements([1]))
            script.add(2, 50, 60, .read, .elements(late))
            let verdict = LinearizabilityChecker(AppendListModel()).check(script.history)
            #expect(verdict.isLinearizable == isFine, "\(late)")
        }
    }

    @Test("two increments with one answer are found")
    func duplicateIncrement() throws {
        var script = Script<CounterModel>()
        script.add(1, 0, 10, .increment, 1)
        script.add(2, 0, 10, .increment, 2)
        script.add(1, 20, 30, .increment, 2)
        let example = try #require(LinearizabilityChecker(CounterModel()).check(script.history).counterexample)
        #expect(example.misfit == 2)
        #expect(example.description.hasSuffix("client 1 [20, 30] increment -> 2"))
    }

    @Test("an increment without an answer leaves a gap of one, and only of one")
    func gap() {
        for (answer, isFine) in [(1, true), (2, true), (3, false)] {
            var script = Script<CounterModel>()
            script.add(1, 0, nil, .increment)
            script.add(2, 10, 20, .increment, answer)
            let verdict = LinearizabilityChecker(CounterModel()).check(script.history)
            #expect(verdict.isLinearizable == isFine, "\(answer)")
        }
    }
}
