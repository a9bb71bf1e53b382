import Testing

@testable import Threads

@Suite struct NamedThreadTests {
    @Test func `join returns after the closure has ended`() {
        let gate = Monitor(false)
        let steps = Monitor<[String]>([])
        let thread = NamedThread(name: "threads-test") {
            gate.wait { $0 ? () : nil }
            steps.withLock { $0.append("ran") }
        }
        steps.withLock { $0.append("opening") }
        gate.change { $0 = true }
        thread.join()
        thread.join()
        #expect(steps.withLock { $0 } == ["opening", "ran"])
    }
}

@Suite struct MonitorTests {
    @Test func `a wait takes its turn when the state allows`() {
        let numbers = Monitor<[Int]>([])
        let taken = Monitor<[Int]>([])
        let consumer = NamedThread(name: "consumer") {
            for _ in 0..<100 {
                let next = numbers.wait { $0.isEmpty ? nil : $0.removeFirst() }
                taken.withLock { $0.append(next) }
            }
        }
        for number in 0..<100 {
            numbers.change { $0.append(number) }
        }
        consumer.join()
        #expect(taken.withLock { $0 } == Array(0..<100))
    }

    @Test func `a wait with a limit gives up`() {
        let never = Monitor(0)
        let clock = ContinuousClock()
        let started = clock.now
        let result: Bool? = never.wait(atMost: .milliseconds(30)) { $0 == 1 ? true : nil }
        #expect(result == nil)
        #expect(clock.now - started >= .milliseconds(30))
    }

    @Test func `what a wait changes in its last look wakes others`() {
        struct Contents {
            var looks = 0
            var isFree = false
        }
        let monitor = Monitor(Contents())
        let entered = Monitor(false)
        let other = NamedThread(name: "other") {
            monitor.wait { contents -> Void? in
                entered.change { $0 = true }
                return contents.isFree ? () : nil
            }
        }
        entered.wait { $0 ? () : nil }
        // The first look finds nothing, and the second is made when the time is up.
        let result = monitor.wait(atMost: .milliseconds(30)) { contents -> Bool? in
            contents.looks += 1
            contents.isFree = contents.looks > 1
            return contents.isFree ? true : nil
        }
        #expect(result == true)
        #expect(other.join(atMost: .seconds(20)))
    }

    @Test func `a thrown error releases the lock`() {
        struct Refused: Error {}
        let monitor = Monitor(1)
        #expect(throws: Refused.self) {
            try monitor.change { (_: inout Int) throws(Refused) in throw Refused() }
        }
        #expect(monitor.withLock { $0 } == 1)
    }
}
