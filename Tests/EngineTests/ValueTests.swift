import Testing

@testable import Engine

@Suite("Values")
struct ValueTests {
    @Test("equal values have equal hashes")
    func hashes() {
        let pairs: [(Value, Value)] = [
            (1, 1.0), (.float(-0.0), 0), (.float(.nan), .float(-.nan)),
            (.map(["a": 1, "b": 2]), .map(["b": 2.0, "a": 1])),
            (.array([1, "x"]), .array([1.0, "x"])),
        ]
        for (left, right) in pairs {
            #expect(left == right)
            #expect(left.hashValue == right.hashValue)
        }
    }

    @Test("different types are unequal, and so are different spellings of a letter")
    func inequality() {
        let values: [Value] = [
            .null, true, 1, 1.5, "1", .timestamp(1), .duration(1), .array([]), .map([:]), "\u{E9}", "e\u{301}",
            .int(.max), .float(0x1p63),
        ]
        for (i, left) in values.enumerated() {
            for (j, right) in values.enumerated() { #expect((left == right) == (i == j), "\(left) \(right)") }
        }
    }

    @Test("fields keep their order, and names that differ in spelling apart, however many there are")
    func fields() {
        var fields = Fields()
        for number in 0..<100 { fields["n\(number)"] = .int(Int64(number)) }
        fields["n5"] = nil
        fields["n6"] = "six"
        fields["\u{E9}"] = 1
        fields["e\u{301}"] = 2
        #expect(fields.count == 101)
        #expect(fields["n5"] == Value?.none)
        #expect(fields["n6"] == "six")
        #expect(fields["n99"] == 99)
        #expect(fields["\u{E9}"] == 1)
        #expect(fields.entries.map(\.name).prefix(6) == ["n0", "n1", "n2", "n3", "n4", "n6"])
    }

    @Test("sorting moves nothing that has no order")
    func sorting() {
        let values: [Value] = [3, .null, 1, "b", "a", 2]
        #expect(Set(values.sortedStably()) == Set(values))
        #expect([Value]([2, 1, 3, 1.5]).sortedStably() == [1, 1.5, 2, 3])
        #expect([Value]([.null, true, .null]).sortedStably() == [.null, true, .null])
    }
}

@Suite("Recency set")
struct RecencySetTests {
    @Test("forgets the key used longest ago")
    func forgets() {
        var set = RecencySet(capacity: 2)
        let isNew = ["a", "b", "a", "c", "a", "b", "c"].map { set.insert(.string($0)) }
        #expect(isNew == [true, true, false, true, false, true, true])
    }
}
