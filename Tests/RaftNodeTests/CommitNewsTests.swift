import RaftCore
import Testing

@testable import Raft

@Suite("News of a commit")
struct CommitNewsTests {
    private static let followers = [NodeID(2), NodeID(3)]

    private static func append(
        to member: NodeID = followers[0],
        term: UInt64 = 1,
        round: UInt64 = 1,
        commit: UInt64 = 0,
        entries: [Entry] = []
    ) -> Envelope {
        let request = AppendRequest(
            term: Term(term),
            previous: LogPosition(index: LogIndex(7), term: Term(term)),
            entries: entries,
            commit: LogIndex(commit),
            round: round
        )
        return Envelope(from: NodeID(1), to: member, message: .append(request))
    }

    private static let entry = Entry(
        position: LogPosition(index: LogIndex(8), term: Term(1)),
        time: LogTime(milliseconds: 1),
        kind: .command,
        payload: [1]
    )

    /// Which of the messages wait, one after the other.
    private static func waiting(_ envelopes: [Envelope], in news: inout CommitNews) -> [Bool] {
        envelopes.map { news.keeps($0) }
    }

    @Test("the first message of a round goes, and what is bare after it waits until more is said")
    func rounds() {
        var news = CommitNews()
        let first = Self.waiting(Self.followers.map { Self.append(to: $0) } + [Self.append(commit: 8)], in: &news)
        #expect(first == [false, false, true])
        // Another follower's messages, and what is no append, leave it alone.
        let others = [
            Self.append(to: Self.followers[1], entries: [Self.entry]),
            Envelope(from: NodeID(1), to: Self.followers[0], message: .timeoutNow(TimeoutNow(term: Term(1)))),
        ]
        let second = Self.waiting(others, in: &news)
        #expect(second == [false, false] && !news.isEmpty)
        let third = Self.waiting([Self.append(round: 2, commit: 8)], in: &news)
        #expect(third == [false] && news.isEmpty)
        // The same number in another term is another round.
        let fourth = Self.waiting(
            [Self.append(round: 2, commit: 9), Self.append(term: 2, round: 2, commit: 9)],
            in: &news
        )
        #expect(fourth == [true, false] && news.isEmpty)
    }

    @Test("entries are never kept back, and say what waited")
    func entries() {
        var news = CommitNews()
        let messages = [Self.append(), Self.append(commit: 8), Self.append(commit: 8, entries: [Self.entry])]
        let waiting = Self.waiting(messages, in: &news)
        #expect(waiting == [false, true, false] && news.isEmpty)
        let told = news.take()
        #expect(told.isEmpty)
    }

    @Test("the newest news of each follower is what goes, once")
    func newest() {
        var news = CommitNews()
        for commit in UInt64(7)...10 {
            let waiting = Self.waiting(Self.followers.map { Self.append(to: $0, commit: commit) }, in: &news)
            #expect(waiting == (commit == 7 ? [false, false] : [true, true]))
        }
        let told = news.take().sorted { $0.to < $1.to }
        #expect(told == Self.followers.map { Self.append(to: $0, commit: 10) })
        let again = news.take()
        #expect(again.isEmpty)
        let waiting = Self.waiting([Self.append(commit: 11)], in: &news)
        #expect(waiting == [true])
    }
}
