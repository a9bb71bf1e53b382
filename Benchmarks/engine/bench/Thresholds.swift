import Foundation

/// What figures must come to. See `Benchmarks/engine/thresholds.json`.
struct Thresholds: Decodable {
    /// By the figure's name.
    let least: [String: Double]
    let most: [String: Double]

    init(path: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// A line for each that is missed, of those that belong to the scenarios.
    func missed(by figures: Figures, of scenarios: [String]) -> [String] {
        func lines(_ bounds: [String: Double], _ word: String, _ isMet: (Double, Double) -> Bool) -> [String] {
            bounds.sorted { $0.key < $1.key }.compactMap { name, bound in
                guard scenarios.contains(where: { name.hasPrefix($0 + ".") }) else { return nil }
                guard let figure = figures[name] else { return "  \(name) was not measured" }
                return isMet(figure, bound)
                    ? nil : "  \(name) is \(decimals(figure, 4)), at \(word) \(bound) is accepted"
            }
        }
        return lines(self.least, "least", >=) + lines(self.most, "most", <=)
    }
}
