/// "Did you mean": the candidate nearest to a name that was not found.
enum Suggestion {
    /// The hint for `name`, when some candidate is near enough to be what was meant.
    static func hint(for name: String, among candidates: some Sequence<String>) -> String? {
        Self.nearest(to: name, among: candidates).map { "did you mean `\($0)`?" }
    }

    /// The candidate with the least edit distance, the first in alphabetical order where several are equally near.
    static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
        let word = Array(name.utf8)
        let limit = min(max(word.count / 2, 1), 3)
        var best: (distance: Int, candidate: String)?
        for candidate in candidates where candidate != name {
            let other = Array(candidate.utf8)
            guard abs(other.count - word.count) <= limit else { continue }
            let distance = Self.distance(word, other)
            // A name that shares no letter with another is no misspelling of it.
            guard distance <= limit, distance < word.count else { continue }
            if let best, (best.distance, best.candidate) <= (distance, candidate) { continue }
            best = (distance, candidate)
        }
        return best?.candidate
    }

    /// Levenshtein distance, one row at a time.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let substituted = diagonal + (byte == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[right.count]
    }
}
