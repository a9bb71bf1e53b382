/// The notation of event files: `Type { name: value, … }`, with a time such as `@10s` before it or without.
extension RowReader {
    /// Reads the event in `line` into the batch's next row. False, and no row is taken, if it has another form.
    ///
    /// - Parameter time: Of an event without one.
    mutating func readEventLine(_ line: Range<Int>, time: Int64) -> Bool {
        self.position = self.batch.input + line.lowerBound
        self.row = self.batch.count
        self.memberCount = 0
        guard let offset = self.offset(orElse: time), let type = self.eventType(), self.eventMembers() else {
            self.batch.abandonRow()
            return false
        }
        self.skipSpace()
        _ = self.take(UInt8(ascii: ";"))
        guard self.isAt(self.batch.input + line.upperBound) else {
            self.batch.abandonRow()
            return false
        }
        self.batch.commit(type: type, time: offset)
        return true
    }

    /// The nanoseconds of `@10s` or the like.
    private mutating func offset(orElse time: Int64) -> Int64? {
        self.skipSpace()
        guard self.take(UInt8(ascii: "@")) else { return time }
        let start = self.position
        var number: UInt64 = 0
        self.position = Self.digits(from: start, into: &number)
        guard self.position > start, self.position - start <= 6 else { return nil }
        var unit: UInt64 = 1_000_000
        switch (self.position.pointee, self.position.pointee == 0 ? 0 : self.position[1]) {
        case (UInt8(ascii: "m"), UInt8(ascii: "s")): self.position += 2
        case (UInt8(ascii: "s"), _):
            unit = 1_000_000_000
            self.position += 1
        default: break
        }
        guard self.position.pointee == UInt8(ascii: " ") else { return nil }
        self.skipSpace()
        return Int64(number * unit)
    }

    private mutating func eventType() -> UInt16? {
        guard let name = self.word(), !Self.equal(name, "BATCH") else { return nil }
        self.skipSpace()
        return self.take(UInt8(ascii: "{")) ? self.number(ofType: name) : nil
    }

    private mutating func eventMembers() -> Bool {
        self.skipSpace()
        if self.take(UInt8(ascii: "}")) { return true }
        repeat {
            self.skipSpace()
            guard let name = self.word(), self.memberCount < EventLimits.fieldsMax else { return false }
            self.memberCount += 1
            self.skipSpace()
            guard self.take(UInt8(ascii: ":")) else { return false }
            self.skipSpace()
            guard self.eventValue(into: self.slots.find(name)) else { return false }
            self.skipSpace()
        } while self.take(UInt8(ascii: ","))
        return self.take(UInt8(ascii: "}"))
    }

    /// A value and nothing up to the next comma or brace.
    @inline(__always)
    private mutating func eventValue(into slot: Int?) -> Bool {
        let first = self.position.pointee
        if first == UInt8(ascii: "\"") {
            guard let text = self.string(), let start = text.baseAddress else { return false }
            self.setText(slot, start, text.count)
        } else if Self.isWordPart(first), !first.isDigit {
            let start = self.position
            guard let text = self.word() else { return false }
            switch text.count {
            case 4 where Self.equal(text, "true"): self.set(slot, Cell.bool, 1)
            case 5 where Self.equal(text, "false"): self.set(slot, Cell.bool, 0)
            case 4 where Self.equal(text, "null"), 3 where Self.equal(text, "nil"): self.set(slot, Cell.null, 0)
            default: self.setText(slot, start, text.count)
            }
        } else {
            guard let (tag, word) = self.number() else { return false }
            self.set(slot, tag, word)
        }
        while self.position.pointee == UInt8(ascii: " ") { self.position += 1 }
        return self.position.pointee == UInt8(ascii: ",") || self.position.pointee == UInt8(ascii: "}")
    }

    @inline(__always)
    private func setText(_ slot: Int?, _ start: UnsafePointer<UInt8>, _ count: Int) {
        self.set(slot, Cell.string, TextPlace(offset: start - self.batch.input, count: count, isInHeap: false).rawValue)
    }

    /// ASCII letters, digits and underscores, one at least.
    @inline(__always)
    private mutating func word() -> UnsafeBufferPointer<UInt8>? {
        let start = self.position
        while Self.isWordPart(self.position.pointee) { self.position += 1 }
        return self.position > start ? UnsafeBufferPointer(start: start, count: self.position - start) : nil
    }

    @inline(__always)
    private static func isWordPart(_ byte: UInt8) -> Bool {
        byte.isDigit || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
            || byte == UInt8(ascii: "_")
    }
}
