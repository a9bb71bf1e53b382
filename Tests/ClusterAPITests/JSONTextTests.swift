import Testing

@testable import ClusterAPI

@Suite("The inside of JSON strings")
struct JSONTextTests {
    @Test("a run ends at the first byte that does not stand for itself, wherever it stands and whatever follows")
    func runEnds() {
        var wrong = 0
        for byte in UInt8.min...UInt8.max {
            let isSpecial = byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
            for count in 0..<20 {
                for place in 0..<count {
                    for filler: UInt8 in [0x20, 0x21, 0x23, 0x5B, 0x5D, 0x7F, 0x80, 0xFF] {
                        var bytes = [UInt8](repeating: filler, count: count)
                        bytes[place] = byte
                        let end = bytes.withUnsafeBufferPointer { JSONText.runEnd(in: $0, from: 0) }
                        if end != (isSpecial ? place : count) { wrong += 1 }
                        let later = bytes.withUnsafeBufferPointer { JSONText.runEnd(in: $0, from: place + 1) }
                        if later != count { wrong += 1 }
                    }
                }
            }
        }
        #expect(wrong == 0)
    }

    @Test("of two special bytes the first one counts")
    func firstOfTwo() {
        let special: [UInt8] = [0x00, 0x01, 0x1F, 0x22, 0x5C]
        for one in special {
            for other in special {
                for first in 0..<8 {
                    for second in (first + 1)..<16 {
                        var bytes = [UInt8](repeating: UInt8(ascii: "!"), count: 16)
                        bytes[first] = one
                        bytes[second] = other
                        #expect(bytes.withUnsafeBufferPointer { JSONText.runEnd(in: $0, from: 0) } == first)
                    }
                }
            }
        }
    }
}
