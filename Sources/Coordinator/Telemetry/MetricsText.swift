/// Prometheus' text format, line by line.
struct MetricsText {
    private(set) var text = ""

    /// Labels in their order: names and values.
    typealias Labels = KeyValuePairs<String, String>

    /// Introduces a family; its samples have to follow at once.
    mutating func family(_ name: String, _ kind: String, _ help: String) {
        self.text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
    }

    mutating func sample(_ name: String, _ labels: Labels, _ value: some CustomStringConvertible) {
        self.text += "\(name)\(Self.written(labels)) \(value)\n"
    }

    mutating func gauge(_ name: String, _ help: String, _ value: some CustomStringConvertible) {
        self.family(name, "gauge", help)
        self.sample(name, [:], value)
    }

    mutating func counter(_ name: String, _ help: String, _ value: some CustomStringConvertible) {
        self.family(name, "counter", help)
        self.sample(name, [:], value)
    }

    /// The samples of one histogram of a family.
    mutating func histogram(_ name: String, _ labels: Labels, _ histogram: Histogram) {
        let counts = histogram.cumulative
        for (count, bound) in zip(counts, histogram.bounds.map { "\($0)" } + ["+Inf"]) {
            self.text += "\(name)_bucket\(Self.written(labels, le: bound)) \(count)\n"
        }
        self.sample("\(name)_sum", labels, histogram.sumSeconds)
        self.sample("\(name)_count", labels, counts.last ?? 0)
    }

    private static func written(_ labels: Labels, le bound: String? = nil) -> String {
        var parts = labels.map { "\($0.key)=\"\(self.escaped($0.value))\"" }
        if let bound { parts.append("le=\"\(bound)\"") }
        return parts.isEmpty ? "" : "{" + parts.joined(separator: ",") + "}"
    }

    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x22 || $0 == 0x0A }) else { return text }
        return text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
