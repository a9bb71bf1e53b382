import RaftCore

// Numbers of 64 bits and more travel as text: many clients read JSON's numbers as floating point.

extension Incarnation {
    /// Sixteen digits.
    var hexadecimal: String {
        let digits = String(self.rawValue, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Takes up to sixteen digits.
    init?(hexadecimal: String) {
        guard let number = UInt64(digits: hexadecimal[...]) else { return nil }
        self.init(number)
    }
}

extension ClusterID {
    /// Takes what `description` gives.
    init?(hexadecimal: String) {
        guard hexadecimal.utf8.count == 32, let high = UInt64(digits: hexadecimal.prefix(16)),
            let low = UInt64(digits: hexadecimal.dropFirst(16))
        else { return nil }
        self.init(high: high, low: low)
    }
}

extension UInt64 {
    fileprivate init?(digits: Substring) {
        guard (1...16).contains(digits.utf8.count), digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }) else {
            return nil
        }
        self.init(digits, radix: 16)
    }
}
