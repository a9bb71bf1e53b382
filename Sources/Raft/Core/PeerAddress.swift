/// Where a member of the cluster is reached, in one spelling: `http://Host` and `host:80` are the same address.
public struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    /// Whether the scheme is `https`.
    public let isSecure: Bool
    /// In lower case; an IPv6 address keeps its brackets.
    public let host: String
    public let port: UInt16

    /// As many bytes as a host has at most, so that a membership has a size that everything it goes through can take.
    public static let hostBytesMax = 255

    /// Reads `[http://|https://]host[:port][/]`. The scheme is `http` if there is none, the port the scheme's own.
    public init(_ text: String) throws(PeerAddressError) {
        var rest = text[...]
        var isSecure = false
        if let separator = rest.firstRange(of: "://") {
            switch rest[..<separator.lowerBound].lowercased() {
            case "http": isSecure = false
            case "https": isSecure = true
            default: throw PeerAddressError(text, "its scheme is neither http nor https")
            }
            rest = rest[separator.upperBound...]
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }

        let hostEnd: Substring.Index
        if rest.hasPrefix("[") {
            guard let bracket = rest.firstIndex(of: "]") else {
                throw PeerAddressError(text, "a bracket is not closed")
            }
            hostEnd = rest.index(after: bracket)
            guard rest[..<hostEnd].dropFirst().dropLast().utf8.allSatisfy(Self.isOfIPv6) else {
                throw PeerAddressError(text, "there is no IPv6 address in the brackets")
            }
        } else {
            hostEnd = rest.firstIndex(of: ":") ?? rest.endIndex
            guard hostEnd > rest.startIndex, rest[..<hostEnd].utf8.allSatisfy(Self.isOfName) else {
                throw PeerAddressError(text, "there is no host name of letters, digits, dots, hyphens and underscores")
            }
        }
        guard rest[..<hostEnd].utf8.count <= Self.hostBytesMax else {
            let beginning = String(text.prefix(80)) + "..."
            throw PeerAddressError(beginning, "its host is longer than \(Self.hostBytesMax) bytes")
        }
        self.isSecure = isSecure
        self.host = rest[..<hostEnd].lowercased()

        let ending = rest[hostEnd...]
        if ending.isEmpty {
            self.port = isSecure ? 443 : 80
        } else {
            let digits = ending.dropFirst()
            guard ending.hasPrefix(":"), digits.utf8.allSatisfy(Self.isDigit), let port = UInt16(digits), port > 0
            else { throw PeerAddressError(text, "a port from 1 to 65535 is expected after the host, and nothing else") }
            self.port = port
        }
    }

    /// The host as a resolver wants it: an IPv6 address without its brackets.
    public var resolvableHost: String {
        self.host.hasPrefix("[") ? String(self.host.dropFirst().dropLast()) : self.host
    }

    /// `host:port`, without the scheme.
    public var authority: String { "\(self.host):\(self.port)" }

    public var description: String { "\(self.isSecure ? "https" : "http")://\(self.authority)" }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isOfIPv6(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return self.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(lower)
            || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return self.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower)
            || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_")].contains(byte)
    }
}

/// Why a text is not a peer's address.
public struct PeerAddressError: Error, Hashable, Sendable, CustomStringConvertible {
    public var text: String
    /// The end of a sentence, without its full stop.
    public var reason: String

    init(_ text: String, _ reason: String) {
        self.text = text
        self.reason = reason
    }

    public var description: String { "\"\(self.text)\" is not an address of a peer: \(self.reason)." }
}
