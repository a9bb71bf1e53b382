/// Where the variables around an expression are in their frame.
///
/// Those of a lambda are in a layer of their own, so that the others need not be copied for each.
struct LocalSlots: Sendable {
    private var layers: [[String: Int]] = []

    /// The innermost of that name.
    subscript(name: String) -> Int? {
        for layer in self.layers.reversed() {
            if let slot = layer[name] { return slot }
        }
        return nil
    }

    mutating func enter(_ positions: [String: Int]) { self.layers.append(positions) }
}
