import HTTPTypes
import Synchronization

/// The name under which a request is found in the logs of all who had to do with it: the sender's own, or one of ours.
enum RequestID {
    static let header = HTTPField.Name("x-request-id")!  // a literal token, checked by tests

    private static let seed = UInt64.random(in: 0 ... .max)
    private static let count = Atomic<UInt64>(0)

    static func of(_ headers: HTTPFields) -> String {
        if let given = headers[Self.header], Self.isSane(given.utf8) { return given }
        return Self.make()
    }

    /// A new one: short enough to need no memory of its own.
    static func make() -> String {
        // SplitMix64's output function over a counter, so no two of a process are the same.
        var number = Self.seed &+ Self.count.wrappingAdd(1, ordering: .relaxed).newValue &* 0x9E37_79B9_7F4A_7C15
        number = (number ^ (number >> 30)) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ (number >> 27)) &* 0x94D0_49BB_1331_11EB
        return String(number ^ (number >> 31), radix: 36)
    }

    /// 1 to 128 visible ASCII characters.
    static func isSane(_ text: some Collection<UInt8>) -> Bool {
        (1...128).contains(text.count) && text.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
