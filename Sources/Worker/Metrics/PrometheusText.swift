/// Numbers in Prometheus' text format.
struct PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Names a series; values are escaped where they are written.
    typealias Labels = [(name: String, value: String)]

    enum Kind: String {
        case counter, gauge, histogram
    }

    private(set) var text = ""

    /// One number that stands for the whole process.
    mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: some Numeric) {
        self.head(name, kind, help)
        self.sample(name, [], value)
    }

    /// A family of series; one without any leaves no trace.
    mutating func family<Value: Numeric>(
        _ name: String,
        _ kind: Kind,
        _ help: String,
        _ series: [(Labels, Value)]
    ) {
        guard !series.isEmpty else { return }
        self.head(name, kind, help)
        for (labels, value) in series { self.sample(name, labels, value) }
    }

    mutating func histograms(_ name: String, _ help: String, _ series: [(Labels, LatencyHistogram)]) {
        guard !series.isEmpty else { return }
        self.head(name, .histogram, help)
        for (labels, histogram) in series {
            var below: UInt64 = 0
            for (bound, count) in zip(LatencyHistogram.bounds, histogram.counts) {
                below += count
                self.sample(name + "_bucket", labels + [("le", "\(bound)")], below)
            }
            self.sample(name + "_bucket", labels + [("le", "+Inf")], histogram.total)
            self.sample(name + "_sum", labels, Double(histogram.sumNanoseconds) / 1_000_000_000)
            self.sample(name + "_count", labels, histogram.total)
        }
    }

    private mutating func head(_ name: String, _ kind: Kind, _ help: String) {
        self.text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    private mutating func sample(_ name: String, _ labels: Labels, _ value: some Numeric) {
        self.text += name
        if !labels.isEmpty {
            self.text += "{"
            self.text += labels.map { #"\#($0.name)="\#(Self.escaped($0.value))""# }.joined(separator: ",")
            self.text += "}"
        }
        self.text += " \(value)\n"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
