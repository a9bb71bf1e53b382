/// "Did you mean": the candidate nearest to a name that was not found.
package enum Suggestion {
    /// The hint for `name`, when some candidate is near enough to be what was meant.
    static func hint(for name: String, among candidates: some Sequence<String>) -> String? {
        Self.nearest(to: name, among: candidates).map { "did you mean `\($0)`?" }
    }

    /// The candidate with the least edit distance, the first in alphabetical order where several are equally near.
    package static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
        let word = Array(name.utf8)
        let limit = min(max(word.count / 2, 1), 3)
        var best: (distance: Int, candidate: String)?
        for candidate in candidates where candidate != name {
            let other = Array(candidate.utf8)
            guard abs(other.count - word.count) <= limit else { continue }
            // A name that shares no letter with another is no misspelling of it.
            guard let distance = Self.distance(word, other, atMost: limit), distance < word.count else { continue }
            if let best, (best.distance, best.candidate) <= (distance, candidate) { continue }
            best = (distance, candidate)
        }
        return best?.candidate
    }

    /// Levenshtein distance, one row at a time; nil if it is more than `limit`.
    ///
    /// Only the cells at most `limit` from the diagonal are computed, as the others are more. So long names take no time
    /// that grows with the square of their length.
    private static func distance(_ left: [UInt8], _ right: [UInt8], atMost limit: Int) -> Int? {
        let tooMuch = limit + 1
        var row = (0...right.count).map { min($0, tooMuch) }
        for (i, byte) in left.enumerated() {
            let columns = max(0, i - limit)..<min(right.count, i + limit + 1)
            guard !columns.isEmpty else { return nil }
            var diagonal = row[columns.lowerBound]
            row[columns.lowerBound] = columns.lowerBound == 0 ? min(i + 1, tooMuch) : tooMuch
            var least = row[columns.lowerBound]
            for j in columns {
                let substituted = diagonal + (byte == right[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, diagonal + 1, tooMuch)
                least = min(least, row[j + 1])
            }
            if least == tooMuch { return nil }
        }
        return row[right.count] <= limit ? row[right.count] : nil
    }
}
