import NIOCore
import RaftCore
import Testing

@testable import RaftTransport

@Suite("How many wait before the door")
struct DoorTests {
    private static func host(_ address: String) throws -> RemoteHost {
        RemoteHost(try SocketAddress(ipAddress: address, port: 1))
    }

    @Test("one host has a few places, another one its own, and whoever has passed makes room")
    func places() throws {
        let door = Door()
        let (one, other) = (try Self.host("10.0.0.1"), try Self.host("10.0.0.2"))
        for _ in 0..<WireLimits.strangersOfOneHostMax { #expect(door.enter(from: one)) }
        #expect(!door.enter(from: one))
        #expect(door.enter(from: other))
        door.passed(from: other)
        #expect(!door.enter(from: one))
        door.passed(from: one)
        #expect(door.enter(from: one))
        #expect(!door.enter(from: one))
    }

    @Test("members have all the places that there are, and nobody has more")
    func members() throws {
        let door = Door()
        door.expect(try ["10.0.0.1:1", "a-name:1", "[fd00::1]:1"].map { try PeerAddress($0) })
        let (member, other) = (try Self.host("10.0.0.1"), try Self.host("10.0.0.2"))
        for _ in 0..<WireLimits.strangersMax { #expect(door.enter(from: member)) }
        #expect(!door.enter(from: member))
        #expect(!door.enter(from: other))
        door.passed(from: member)
        door.expect([])
        #expect(!door.enter(from: member))
        #expect(door.enter(from: other))
    }

    @Test("an IPv6 host is its /64, and an IPv4 address on an IPv6 socket is itself")
    func hosts() throws {
        #expect(try Self.host("fd00::1") == Self.host("fd00::ffff:1"))
        #expect(try Self.host("fd00::1") != Self.host("fd00:0:0:1::1"))
        #expect(try Self.host("::ffff:10.0.0.1") == Self.host("10.0.0.1"))
        #expect(try RemoteHost(of: PeerAddress("[fd00::2]:1")) == Self.host("fd00::1"))
        #expect(try RemoteHost(of: PeerAddress("a-name:1")) == nil)
        #expect(RemoteHost(nil) == .other)
    }
}
