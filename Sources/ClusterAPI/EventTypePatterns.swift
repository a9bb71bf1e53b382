/// Patterns for the types of events: an exact type, a prefix followed by `*`, or `*` alone for all.
public struct EventTypePatterns: Hashable, Sendable {
    private var exact: Set<String> = []
    private var prefixes: [String] = []

    public init(_ patterns: some Sequence<String>) { self.add(patterns) }

    /// Lets the types of these patterns through as well.
    public mutating func add(_ patterns: some Sequence<String>) {
        for pattern in patterns {
            if pattern.hasSuffix("*") {
                self.prefixes.append(String(pattern.dropLast()))
            } else {
                self.exact.insert(pattern)
            }
        }
        // What a shorter one lets through need not be asked of a longer one.
        if self.prefixes.contains("") { self.prefixes = [""] }
    }

    /// Whether any type fits.
    public var fitAll: Bool { self.prefixes.first == "" }

    /// Whether the type fits one of the patterns.
    public func match(_ type: String) -> Bool {
        self.exact.contains(type) || self.prefixes.contains { type.utf8.starts(with: $0.utf8) }
    }
}
