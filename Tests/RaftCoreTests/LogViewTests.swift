import Testing

@testable import RaftCore

@Suite("LogView")
struct LogViewTests {
    private func log(_ terms: [UInt64]) -> LogView {
        var log = LogView()
        for (place, term) in terms.enumerated() {
            log.append(
                Entry(
                    position: LogPosition(index: LogIndex(UInt64(place + 1)), term: Term(term)),
                    time: .zero,
                    kind: .command,
                    payload: [UInt8(place)]
                )
            )
        }
        return log
    }

    @Test("terms and positions, inside and outside")
    func terms() {
        let log = self.log([1, 1, 2])
        #expect(log.term(at: .zero) == .zero)
        #expect(log.term(at: LogIndex(3)) == Term(2))
        #expect(log.term(at: LogIndex(4)) == nil)
        #expect(log.last == LogPosition(index: LogIndex(3), term: Term(2)))
    }

    @Test("a run holds at least one entry and keeps to its limits")
    func runs() {
        let log = self.log([1, 1, 1, 1])
        #expect(log.run(from: LogIndex(2), bytesMax: 1, countMax: 10).map(\.index) == [LogIndex(2)])
        #expect(log.run(from: LogIndex(2), bytesMax: 1_000, countMax: 2).map(\.index) == [LogIndex(2), LogIndex(3)])
        #expect(log.run(from: LogIndex(5), bytesMax: 1_000, countMax: 2).isEmpty)
    }

    @Test("the last possible match skips whole terms")
    func hints() {
        let log = self.log([1, 1, 4, 4, 5, 5])
        #expect(log.lastPossibleMatch(LogPosition(index: LogIndex(6), term: Term(3))) == LogIndex(2))
        #expect(log.lastPossibleMatch(LogPosition(index: LogIndex(9), term: Term(4))) == LogIndex(4))
        #expect(log.lastPossibleMatch(LogPosition(index: LogIndex(1), term: Term(9))) == LogIndex(1))
        #expect(log.lastPossibleMatch(.zero) == .zero)
    }

    @Test("truncation removes the entry and all after it")
    func truncation() {
        var log = self.log([1, 1, 2])
        log.truncate(from: LogIndex(2))
        #expect(log.last.index == LogIndex(1))
        log.truncate(from: LogIndex(7))
        #expect(log.last.index == LogIndex(1))
    }
}
