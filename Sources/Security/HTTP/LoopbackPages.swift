/// Which requests a server takes that asks for no key. Such a server listens on loopback only, but a browser on the same
/// machine brings it the requests of any page.
///
/// A page of another machine is known by its origin or, where its name was made to lead here (DNS rebinding), by the host
/// that it asks for. Programs name no origin.
public enum LoopbackPages {
    /// What a refused request is told.
    public static let refusal = "Without a key, only pages of this machine are served"

    /// `host`, `origin`: what the request says in the headers of these names; nil where it does not have them.
    public static func admit(host: String?, origin: String?) -> Bool {
        if let host, !self.isLoopback(authority: host) { return false }
        if let origin, !self.isLoopback(origin: origin) { return false }
        return true
    }

    /// The origin `null` has no host: it stands for pages that hide where they come from.
    private static func isLoopback(origin: String) -> Bool {
        guard let scheme = origin.firstRange(of: "://") else { return false }
        return self.isLoopback(authority: String(origin[scheme.upperBound...]))
    }

    private static func isLoopback(authority: String) -> Bool {
        var authority = authority
        return authority.withUTF8 { self.isLoopback(authority: UnsafeRawBufferPointer($0)) }
    }

    /// Whether a host, with a port or without one, is this machine by one of the names of loopback: an address in
    /// 127.0.0.0/8, `[::1]`, `localhost`, or a name that ends with `.localhost`. Allocates nothing.
    public static func isLoopback(authority: UnsafeRawBufferPointer) -> Bool {
        let end = self.hostEnd(authority)
        guard self.isPort(authority[end...]) else { return false }
        let host = UnsafeRawBufferPointer(rebasing: authority[..<end])
        return self.isAddress(host) || self.isSame(host, "localhost") || self.isSame(host, "[::1]")
            || self.isBelowLocalhost(host)
    }

    private static func hostEnd(_ authority: UnsafeRawBufferPointer) -> Int {
        if authority.first == UInt8(ascii: "["), let bracket = authority.firstIndex(of: UInt8(ascii: "]")) {
            return bracket + 1
        }
        return authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.count
    }

    /// Nothing, or a colon and digits.
    private static func isPort(_ text: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard let first = text.first else { return true }
        return first == UInt8(ascii: ":") && text.dropFirst().allSatisfy(self.isDigit)
    }

    /// `127` and three more numbers below 256.
    private static func isAddress(_ host: UnsafeRawBufferPointer) -> Bool {
        var (dots, number, digits) = (0, 0, 0)
        for byte in host {
            if self.isDigit(byte) {
                number = number * 10 + Int(byte - UInt8(ascii: "0"))
                digits += 1
                guard digits <= 3, number < 256 else { return false }
            } else {
                guard byte == UInt8(ascii: "."), digits > 0, dots > 0 || number == 127 else { return false }
                dots += 1
                (number, digits) = (0, 0)
            }
        }
        return dots == 3 && digits > 0
    }

    private static func isBelowLocalhost(_ host: UnsafeRawBufferPointer) -> Bool {
        let suffix: StaticString = ".localhost"
        let start = host.count - suffix.utf8CodeUnitCount
        guard start > 0, self.isSame(UnsafeRawBufferPointer(rebasing: host[start...]), suffix) else { return false }
        return host[..<start].allSatisfy(self.isOfName)
    }

    /// Compares without regard to the case of letters; `other` is in lower case.
    private static func isSame(_ host: UnsafeRawBufferPointer, _ other: StaticString) -> Bool {
        guard host.count == other.utf8CodeUnitCount else { return false }
        for place in 0..<host.count {
            let (byte, wanted) = (host[place], other.utf8Start[place])
            guard byte == wanted || ((UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) && byte | 0x20 == wanted)
            else { return false }
        }
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"),
            UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: self.isDigit(byte)
        }
    }
}
