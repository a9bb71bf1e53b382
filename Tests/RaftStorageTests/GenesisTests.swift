import RaftCore
import Testing

@testable import RaftStorage

@Suite("Genesis")
struct GenesisTests {
    @Test("the canonical form and the id are the documented ones")
    func canonicalForm() throws {
        let peers = try ["http://A:9001", "b:9001"].map { try PeerAddress($0) }
        let form = Genesis.canonicalForm(peers: peers, name: "demo")
        #expect(
            form == [1, 0, 0, 0, 4] + Array("demo".utf8) + [0, 0, 0, 2]
                + [0, 0, 0, 6] + Array("a:9001".utf8) + [0, 0, 0, 6] + Array("b:9001".utf8)
        )
        #expect(try Genesis(peers: peers, name: "demo").cluster.description == "908e15ef94ff376e6bd92df2591c04eb")
    }

    @Test("the spelling and the scheme of the peers do not change the id")
    func sameCluster() {
        #expect(genesis("https://A:9001", "b:80").cluster == genesis("a:9001", "http://b").cluster)
    }

    @Test("other peers, another order or another name is another cluster")
    func otherClusters() {
        let clusters = [
            genesis("a:1", "b:1"), genesis("b:1", "a:1"), genesis("a:1"), genesis("a:1", "b:2"),
            genesis("a:1", "b:1", name: "x"), genesis("a:1", "b:1", "c:1"),
        ]
        #expect(Set(clusters.map(\.cluster)).count == clusters.count)
    }

    @Test("the members are numbered from 1 in the order of the peers, and carry their addresses")
    func membership() throws {
        let members = try ["a", "b", "c"].enumerated().map {
            Member(id: NodeID(UInt32($0.offset + 1)), address: try PeerAddress("http://\($0.element):9001"))
        }
        #expect(threePeers.membership == Membership(members: members))
    }

    @Test("as many peers as may vote are a cluster, and more are refused")
    func tooMany() throws {
        let peers = try (0...Membership.votersMax).map { try PeerAddress("http://host:\(9_000 + $0)") }
        let genesis = try Genesis(peers: Array(peers.dropLast()))
        #expect(Membership(decoding: genesis.membership.encoded()) == genesis.membership)
        #expect(throws: GenesisError.self) { try Genesis(peers: peers) }
    }

    @Test("no peers, or one twice, is refused")
    func refused() throws {
        #expect(throws: GenesisError.self) { try Genesis(peers: []) }
        let twice = try ["http://a:9001", "https://A:9001"].map { try PeerAddress($0) }
        #expect(throws: GenesisError.self) { try Genesis(peers: twice) }
    }
}
