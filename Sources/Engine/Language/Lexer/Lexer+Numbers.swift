/// Integers, floats, durations and timestamps.
extension Lexer {
    mutating func lexNumber(from start: Mark) {
        var value: UInt64 = 0
        var fits = true
        while let digit = self.byte(at: 0), digit.isDigit {
            let (product, tooBig) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
            fits = fits && !tooBig && !overflow
            value = sum
            self.advance()
        }
        if self.skipFractionAndExponent() {
            guard !self.skipSuffix(), let value = Double(self.text(from: start)), value.isFinite else {
                return self.appendInvalidNumber(from: start)
            }
            return self.append(.float(value), from: start)
        }
        let suffixStart = self.mark()
        guard self.skipSuffix() else {
            guard fits, value <= UInt64(Int64.max) + 1 else { return self.appendInvalidNumber(from: start) }
            return self.append(.integer(value), from: start)
        }
        guard let unit = Self.nanoseconds[self.text(from: suffixStart)] else {
            return self.appendInvalidNumber(from: start)
        }
        let (nanoseconds, overflow) = value.multipliedReportingOverflow(by: unit)
        guard fits, !overflow else {
            return self.append(.invalid("the duration `\(self.text(from: start))` is too long"), from: start)
        }
        self.append(.duration(nanoseconds), from: start)
    }

    private static let nanoseconds: [String: UInt64] = [
        "ns": 1, "us": 1000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000,
        "d": 86_400_000_000_000,
    ]

    /// Moves over `.5`, `e-3` and the like. `1..5` and `1.name` are not fractions.
    private mutating func skipFractionAndExponent() -> Bool {
        var found = false
        if self.byte(at: 0) == UInt8(ascii: "."), let next = self.byte(at: 1), next.isDigit {
            self.advance()
            self.skipDigits()
            found = true
        }
        guard let letter = self.byte(at: 0), letter == UInt8(ascii: "e") || letter == UInt8(ascii: "E") else {
            return found
        }
        let isSigned = self.byte(at: 1) == UInt8(ascii: "+") || self.byte(at: 1) == UInt8(ascii: "-")
        guard let digit = self.byte(at: isSigned ? 2 : 1), digit.isDigit else { return found }
        self.advance(by: isSigned ? 2 : 1)
        self.skipDigits()
        return true
    }

    private mutating func skipDigits() {
        while let digit = self.byte(at: 0), digit.isDigit { self.advance() }
    }

    /// Moves over a word that touches the number.
    private mutating func skipSuffix() -> Bool {
        let start = self.position
        while let next = self.byte(at: 0), next.isIdentifierPart { self.advance() }
        return self.position > start
    }

    private mutating func appendInvalidNumber(from start: Mark) {
        self.append(.invalid("invalid number `\(self.text(from: start))`"), from: start)
    }

    /// `@YYYY-MM-DD`, then possibly `Thh:mm:ss`, then possibly `Z` or an offset. What follows is another token.
    mutating func lexTimestamp(from start: Mark) {
        self.advance()
        if self.take("0000-00-00"), self.take("T00:00:00"), !self.take("Z"), !self.take("+00:00") {
            _ = self.take("-00:00")
        }
        let text = self.text(from: start)
        guard let time = CalendarTime.nanoseconds(ofLiteral: text.dropFirst().utf8) else {
            return self.append(.invalid("invalid timestamp `\(text)`"), from: start)
        }
        self.append(.timestamp(time), from: start)
    }

    /// Moves over text of a shape in which `0` stands for any digit.
    private mutating func take(_ shape: StaticString) -> Bool {
        for offset in 0..<shape.utf8CodeUnitCount {
            guard let byte = self.byte(at: offset) else { return false }
            let expected = shape.utf8Start[offset]
            guard expected == UInt8(ascii: "0") ? byte.isDigit : byte == expected else { return false }
        }
        self.advance(by: shape.utf8CodeUnitCount)
        return true
    }
}
