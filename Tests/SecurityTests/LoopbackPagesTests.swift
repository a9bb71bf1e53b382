import Testing

@testable import Security

@Suite("Which requests come in where no key is asked for")
struct LoopbackPagesTests {
    @Test(
        "this machine is known by the names of loopback, with any port",
        arguments: [
            "localhost", "localhost:9000", "LocalHost:1", "127.0.0.1", "127.0.0.1:65535", "127.255.3.42", "[::1]",
            "[::1]:9100", "app.localhost", "a-b.c_d.LOCALHOST:80", "localhost:",
        ]
    )
    func own(host: String) {
        #expect(LoopbackPages.admit(host: host, origin: nil))
        #expect(LoopbackPages.admit(host: nil, origin: "http://\(host)"))
        #expect(LoopbackPages.admit(host: "127.0.0.1:9000", origin: "https://\(host)"))
        #expect(!LoopbackPages.admit(host: host, origin: "http://evil.example"))
        #expect(!LoopbackPages.admit(host: "evil.example", origin: "http://\(host)"))
    }

    @Test(
        "no other name is this machine, however much it looks like one of its own",
        arguments: [
            "", ":", ":80", "evil.example", "evil.example:80", "localhost.evil.example", "evillocalhost", ".localhost",
            "localhost.", "127.0.0.1.evil.example", "127.evil.example", "127.0.0", "127.0.0.1.", "127.0.0.256",
            "127.0.0.0001", "127..0.1", "128.0.0.1", "10.0.0.1", "0.0.0.0", "2130706433", "[::]", "[::1", "[::1]x",
            "[::2]", "::1", "[fe80::1]", "localhost:80x", "localhost:80:80", "localhost/", "localhost evil",
            "user@localhost", "a@b.localhost", "a/b.localhost", "null",
        ]
    )
    func others(host: String) {
        #expect(!LoopbackPages.admit(host: host, origin: nil))
        #expect(!LoopbackPages.admit(host: nil, origin: "http://\(host)"))
        #expect(!LoopbackPages.admit(host: "localhost", origin: "http://\(host)"))
    }

    @Test(
        "an origin that hides its host, or is none, is refused",
        arguments: ["null", "", "localhost", "http:localhost", "http://a.example, http://localhost"]
    )
    func hidden(origin: String) { #expect(!LoopbackPages.admit(host: "localhost", origin: origin)) }

    @Test("programs, which name neither, come in")
    func programs() { #expect(LoopbackPages.admit(host: nil, origin: nil)) }
}
