import NIOCore
import Testing

@testable import Security

@Suite("How many requests a client may make")
struct RateLimitsTests {
    private static let second: Int64 = 1_000_000_000

    @Test("twice the rate at once, then one for each interval, and never more")
    func burst() {
        var limits = RateLimits(perSecond: 10)
        let client = ClientAddress.v4(1)
        for _ in 0..<20 { #expect(limits.take(from: client, at: 0) == nil) }
        #expect(limits.take(from: client, at: 0) == Self.second / 10)
        #expect(limits.take(from: client, at: Self.second / 10 - 1) == 1)
        #expect(limits.take(from: client, at: Self.second / 10) == nil)
        #expect(limits.take(from: client, at: Self.second / 10) == Self.second / 10)
        // Whoever waits long has the allowance at once again, and no more.
        for _ in 0..<20 { #expect(limits.take(from: client, at: 100 * Self.second) == nil) }
        #expect(limits.take(from: client, at: 100 * Self.second) != nil)
    }

    @Test("over a long time a client gets its rate, whatever it tries")
    func longRun() {
        var limits = RateLimits(perSecond: 7)
        var admitted = 0
        for step in 0..<100_000 where limits.take(from: .v6(3), at: Int64(step) * Self.second / 1_000) == nil {
            admitted += 1
        }
        #expect((700...715).contains(admitted))
    }

    @Test("clients do not use up each other's allowance, and what is given back can be used")
    func others() {
        var limits = RateLimits(perSecond: 1)
        #expect(limits.take(from: .v4(1), at: 0) == nil)
        #expect(limits.take(from: .v4(1), at: 0) == nil)
        #expect(limits.take(from: .v4(1), at: 0) != nil)
        #expect(limits.take(from: .v4(2), at: 0) == nil)
        limits.giveBack(to: .v4(1))
        #expect(limits.take(from: .v4(1), at: 0) == nil)
        #expect(limits.take(from: .v4(1), at: 0) != nil)
    }

    @Test("of more clients than are known at most, the one seen least lately is forgotten")
    func bounded() {
        var limits = RateLimits(perSecond: 1)
        let most = UInt32(RateLimits.clientsMax)
        for client in 0..<most { for _ in 0..<2 { #expect(limits.take(from: .v4(client), at: 0) == nil) } }
        #expect(limits.clientCount == Int(most))
        #expect(limits.take(from: .v4(0), at: 0) != nil)  // client 1 is the oldest now
        #expect(limits.take(from: .v4(most), at: 0) == nil)
        #expect(limits.clientCount == Int(most))
        #expect(limits.take(from: .v4(0), at: 0) != nil)
        #expect(limits.take(from: .v4(2), at: 0) != nil)
        #expect(limits.take(from: .v4(1), at: 0) == nil)
        #expect(limits.clientCount == Int(most))
    }

    @Test("a wait is told in whole seconds, at least one")
    func seconds() {
        let limiter = RateLimiter(perSecond: 1)
        #expect(limiter.take(from: .other) == nil)
        #expect(limiter.take(from: .other) == nil)
        #expect(limiter.take(from: .other) == 1)
    }

    @Test("an address is the same however it is written, and a /64 of IPv6 is one client")
    func addresses() throws {
        func client(_ text: String) throws -> ClientAddress {
            ClientAddress(try SocketAddress(ipAddress: text, port: 7))
        }
        #expect(try client("10.1.2.3") == .v4(0x0A01_0203))
        #expect(try client("::ffff:10.1.2.3") == .v4(0x0A01_0203))
        #expect(try client("2001:db8:1:2::1") == .v6(0x2001_0db8_0001_0002))
        #expect(try client("2001:db8:1:2:ffff::9") == client("2001:db8:1:2::1"))
        #expect(try client("2001:db8:1:3::1") != client("2001:db8:1:2::1"))
        #expect(ClientAddress(nil) == .other)
    }
}
