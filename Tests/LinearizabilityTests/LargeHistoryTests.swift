import Linearizability
import Testing

@Suite("Large histories")
struct LargeHistoryTests {
    private typealias Register = RegisterModel<Int>

    /// A real register, used by six clients at once. One write in fifty loses its answer, half of these also their effect.
    private func record(seed: UInt64) -> Script<Register>.Recorded {
        var random = SplitMix(state: seed)
        var history = Script<Register>.Recorded()
        var value: Int?
        var free = Array(repeating: UInt64(0), count: 6)
        // Operations take place at these moments; calls and returns lie around them.
        for serial in 0..<3_000 {
            let moment = UInt64(10 * serial + 200)
            let client = Int.random(in: 0..<6, using: &random)
            let called = max(free[client], moment - UInt64.random(in: 0...80, using: &random))
            guard called <= moment else { continue }
            let returned = moment + UInt64.random(in: 0...80, using: &random)
            free[client] = returned + 1
            guard Bool.random(using: &random) else {
                let number = history.call(.read, on: "k", by: client, at: called)
                history.complete(number, with: .value(value), at: returned)
                continue
            }
            let number = history.call(.write(serial), on: "k", by: client, at: called)
            let fate = Int.random(in: 0..<100, using: &random)
            if fate > 0 { value = serial }
            if fate > 1 { history.complete(number, with: .done, at: returned) }
        }
        return history
    }

    @Test("more than a thousand operations of six clients are checked within the limit", arguments: [UInt64(1), 2])
    func thousand(seed: UInt64) {
        let history = self.record(seed: seed)
        #expect(history.events.count > 1_200)
        #expect(LinearizabilityChecker(Register()).check(history).isLinearizable)
    }

    @Test("one wrong answer among a thousand is found", arguments: [UInt64(1), 2])
    func oneWrong(seed: UInt64) throws {
        var history = self.record(seed: seed)
        let number = try #require(
            history.events.indices.first { $0 > 1_000 && history.events[$0].operation == .read }
        )
        let read = history.events[number]
        // What was there long ago: many a write was acknowledged since.
        let old = try #require(
            history.events.last { event in
                guard case .write = event.operation, let returned = event.returned else { return false }
                return returned + 2_000 < read.called
            }
        )
        guard case .write(let value) = old.operation, let returned = read.returned else { return }
        history.complete(number, with: .value(value), at: returned)
        #expect(LinearizabilityChecker(Register()).check(history).counterexample?.misfit == number)
    }

    @Test("a hundred writes without an answer do not make the search explode")
    func manyUnknown() {
        var script = Script<Register>()
        for number in 0..<100 { script.add(number, UInt64(number), nil, .write(number)) }
        for number in 0..<100 {
            let time = 1_000 + 10 * UInt64(number)
            script.add(1, time, time + 5, .read, .value(99 - number))
        }
        #expect(LinearizabilityChecker(Register()).check(script.history).isLinearizable)
        script.add(1, 9_000, 9_001, .read, .value(50))
        #expect(LinearizabilityChecker(Register()).check(script.history).counterexample?.misfit == 200)
    }

    /// All appends overlap, and no order of them gives what is read afterwards.
    private func hopeless() -> Script<AppendListModel<Int>>.Recorded {
        var script = Script<AppendListModel<Int>>()
        for number in 0..<14 { script.add(number, 0, 100, .append(number), .appended) }
        script.add(1, 200, 300, .read, .elements([99]))
        return script.history
    }

    @Test("a search that grows too large gives up, and says so")
    func givesUp() {
        let checker = LinearizabilityChecker(AppendListModel<Int>(), attemptsMax: 10_000)
        #expect(checker.check(self.hopeless()) == .gaveUp(key: "k"))
    }

    @Test("a search gives up when its caller says that time is over")
    func timeIsOver() {
        var asked = 0
        let checker = LinearizabilityChecker(AppendListModel<Int>(), attemptsMax: .max)
        let verdict = checker.check(self.hopeless()) {
            asked += 1
            return asked == 3
        }
        #expect(verdict == .gaveUp(key: "k"))
        #expect(asked == 3)
    }

    @Test("a violation of one key outweighs a search of another that gave up")
    func violationOutweighs() {
        var history = self.hopeless()
        let read = history.call(.read, on: "other", by: 1, at: 0)
        history.complete(read, with: .elements([7]), at: 1)
        let checker = LinearizabilityChecker(AppendListModel<Int>(), attemptsMax: 10_000)
        #expect(checker.check(history).counterexample?.key == "other")
    }
}
