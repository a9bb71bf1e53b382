/// The member's log as the core sees it: what was accepted, durable or not yet.
///
/// `base` is the position before the first entry held: where compaction has cut the log. Everything after it is held
/// in memory; compaction keeps that small.
struct LogView: Sendable {
    private(set) var base: LogPosition
    /// The sum of the weights of the entries held.
    private(set) var weight = 0
    private var entries: [Entry]

    init(base: LogPosition = .zero, entries: [Entry] = []) {
        self.base = base
        self.entries = entries
        for entry in entries { self.weight += entry.weight }
    }

    var last: LogPosition { self.entries.last?.position ?? self.base }
    var firstIndex: LogIndex { self.base.index.next }
    var count: Int { self.entries.count }

    /// The term of the entry at `index`; nil where the log does not reach, or no longer does.
    func term(at index: LogIndex) -> Term? {
        if index == self.base.index { return self.base.term }
        return self.offset(of: index).map { self.entries[$0].term }
    }

    func position(at index: LogIndex) -> LogPosition? {
        self.term(at: index).map { LogPosition(index: index, term: $0) }
    }

    func holds(_ position: LogPosition) -> Bool { self.term(at: position.index) == position.term }

    func entry(at index: LogIndex) -> Entry? { self.offset(of: index).map { self.entries[$0] } }

    /// The entries from `first` through `last`, where they lie; nil if the log does not hold them all.
    func entries(from first: LogIndex, through last: LogIndex) -> ArraySlice<Entry>? {
        if first > last { return [] }
        guard let start = self.offset(of: first), let end = self.offset(of: last) else { return nil }
        return self.entries[start...end]
    }

    /// Entries from `index` on, at least one where there is one, and no more than the limits allow.
    func run(from index: LogIndex, bytesMax: Int, countMax: Int) -> [Entry] {
        guard let start = self.offset(of: index) else { return [] }
        var end = start
        var bytes = 0
        while end < self.entries.count, end - start < countMax {
            bytes += self.entries[end].weight
            if bytes > bytesMax && end > start { break }
            end += 1
        }
        return Array(self.entries[start..<end])
    }

    /// The last position whose index is at most `hint.index` and whose term is at most `hint.term`: beyond it, a log
    /// that ends at `hint` can't agree with this one.
    func lastPossibleMatch(_ hint: LogPosition) -> LogIndex {
        var index = min(hint.index, self.last.index)
        while index > self.base.index, let term = self.term(at: index), term > hint.term {
            index = index.previous
        }
        return index
    }

    mutating func append(_ entry: Entry) {
        precondition(entry.index == self.last.index.next, "entry \(entry.position) does not follow \(self.last)")
        self.entries.append(entry)
        self.weight += entry.weight
    }

    mutating func truncate(from index: LogIndex) {
        guard let offset = self.offset(of: index) else { return }
        for entry in self.entries[offset...] { self.weight -= entry.weight }
        self.entries.removeSubrange(offset...)
    }

    /// Lets go of everything up to `index`, which the log holds.
    mutating func compact(through index: LogIndex) {
        guard let offset = self.offset(of: index) else { return }
        self.base = self.entries[offset].position
        for entry in self.entries[...offset] { self.weight -= entry.weight }
        self.entries.removeSubrange(...offset)
    }

    private func offset(of index: LogIndex) -> Int? {
        guard index > self.base.index, index <= self.last.index else { return nil }
        return Int(index.rawValue - self.base.index.rawValue) - 1
    }
}
