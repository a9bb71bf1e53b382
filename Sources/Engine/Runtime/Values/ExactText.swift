/// Strings are equal when their scalars are, and ordered by them. Swift's own comparison is by canonical equivalence, under
/// which two spellings of the same letter are one; the language does not normalise.
struct ExactText: Hashable {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    static func == (left: ExactText, right: ExactText) -> Bool { left.text.isExactly(right.text) }

    func hash(into hasher: inout Hasher) {
        var text = self.text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(0xFF as UInt8)
    }
}

extension String {
    /// Equal bytes are always canonically equivalent, so Swift's fast comparison decides nearly all cases.
    func isExactly(_ other: String) -> Bool {
        self.utf8.count == other.utf8.count && self == other && self.utf8.elementsEqual(other.utf8)
    }

    /// Scalar order, which in UTF-8 is the order of the bytes.
    func precedesExactly(_ other: String) -> Bool { self.utf8.lexicographicallyPrecedes(other.utf8) }
}
