/// Searching in texts by their bytes, which in UTF-8 finds exactly the scalars and normalises nothing.
enum TextSearch {
    /// The offset of the first occurrence at or after `start`.
    static func find(_ part: String, in text: String, from start: Int = 0) -> Int? {
        var (text, part) = (text, part)
        return text.withUTF8 { text in
            part.withUTF8 { part in
                guard let first = part.first else { return start }
                guard text.count >= part.count else { return nil }
                var position = start
                while position <= text.count - part.count {
                    if text[position] == first, text[position..<position + part.count].elementsEqual(part) {
                        return position
                    }
                    position += 1
                }
                return nil
            }
        }
    }

    static func starts(_ text: String, with prefix: String) -> Bool { text.utf8.starts(with: prefix.utf8) }

    static func ends(_ text: String, with suffix: String) -> Bool {
        text.utf8.count >= suffix.utf8.count && text.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }

    /// The pieces between the occurrences of a separator; an empty one separates all scalars.
    static func split(_ text: String, by separator: String) -> [String] {
        guard !separator.isEmpty else { return text.unicodeScalars.map { String($0) } }
        var pieces: [String] = []
        var start = 0
        while let end = Self.find(separator, in: text, from: start) {
            pieces.append(Self.slice(text, start..<end))
            start = end + separator.utf8.count
        }
        pieces.append(Self.slice(text, start..<text.utf8.count))
        return pieces
    }

    /// The bytes of a range that begins and ends at scalars.
    private static func slice(_ text: String, _ range: Range<Int>) -> String {
        let utf8 = text.utf8
        let lower = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
        return String(text[lower..<utf8.index(lower, offsetBy: range.count)])
    }
}
