import RaftCore
import Testing

@Suite("PeerAddress")
struct PeerAddressTests {
    @Test(
        "one address has one spelling",
        arguments: [
            ("a:9001", "http://a:9001"), ("http://A:9001/", "http://a:9001"),
            ("HTTPS://Node-1.example", "https://node-1.example:443"),
            ("node_1", "http://node_1:80"), ("10.0.0.1:65535", "http://10.0.0.1:65535"),
            ("[::1]:9001", "http://[::1]:9001"), ("https://[FE80::1]", "https://[fe80::1]:443"),
            ("a:09001", "http://a:9001"),
        ]
    )
    func spelling(text: String, expected: String) throws {
        let address = try PeerAddress(text)
        #expect(address.description == expected)
        #expect(try PeerAddress(expected) == address)
    }

    @Test(
        "what is no address is refused, with the text in the message",
        arguments: [
            "", ":9001", "http://", "ftp://a:1", "a:", "a:0", "a:65536", "a:-1", "a:+1", "a:1:2", "a b:1", "a:1/path",
            "user@a:1", "[::1:9001", "[::1]9001", "[x]:1", "::1", "a:１", "ä:1", "a,b",
        ]
    )
    func refused(text: String) {
        let error = #expect(throws: PeerAddressError.self) { try PeerAddress(text) }
        #expect(error?.description.contains("\"\(text)\"") == true)
    }

    @Test("a host has a bounded length, and an error a readable one")
    func longHost() throws {
        let longest = String(repeating: "h", count: PeerAddress.hostBytesMax)
        #expect(try PeerAddress("\(longest):1").host == longest)
        let error = #expect(throws: PeerAddressError.self) { try PeerAddress("\(longest)h:1") }
        #expect(error?.description.contains("longer than 255 bytes") == true)
        #expect(error?.description.utf8.count ?? .max < 200)
    }

    @Test("a resolver gets the host without brackets", arguments: [("[::1]:80", "::1"), ("a:80", "a")])
    func resolvableHost(text: String, expected: String) throws {
        #expect(try PeerAddress(text).resolvableHost == expected)
    }
}
