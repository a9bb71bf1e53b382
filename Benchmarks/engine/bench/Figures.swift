import Foundation

/// What was measured, by the names under which thresholds and readers of `--json` know it.
struct Figures {
    private(set) var values: [String: Double] = [:]

    subscript(name: String) -> Double? {
        get { self.values[name] }
        set { self.values[name] = newValue }
    }

    func write(to path: String) throws {
        let data = try JSONSerialization.data(withJSONObject: self.values, options: [.prettyPrinted, .sortedKeys])
        try data.write(to: URL(fileURLWithPath: path))
    }
}

extension [Double] {
    /// Of a list that is not empty.
    var median: Double { self.sorted()[self.count / 2] }
}

func decimals(_ value: Double, _ count: Int) -> String { String(format: "%.\(count)f", value) }

func millions(_ value: Double) -> String { "\(decimals(value / 1e6, value < 1e8 ? 2 : 0)) M" }
