import RaftCore
import Testing

@Suite("Identifiers")
struct IdentifiersTests {
    @Test("a later term beats a longer log")
    func upToDate() {
        let short = LogPosition(index: LogIndex(3), term: Term(5))
        let long = LogPosition(index: LogIndex(9), term: Term(4))
        #expect(short.isAtLeastAsUpToDate(as: long))
        #expect(!long.isAtLeastAsUpToDate(as: short))
        #expect(short.isAtLeastAsUpToDate(as: short))
    }

    @Test("a cluster id prints as 32 digits")
    func clusterID() {
        #expect(ClusterID(high: 1, low: 0xab).description == "000000000000000100000000000000ab")
    }
}
