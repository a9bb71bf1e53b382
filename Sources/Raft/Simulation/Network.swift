import RaftCore

/// Which member hears which. A message that is on its way when a link dies is lost with it.
struct Network: Sendable {
    private var isCut: [[Bool]]

    init(members: Int) {
        self.isCut = Array(repeating: Array(repeating: false, count: members), count: members)
    }

    func connects(_ from: NodeID, _ to: NodeID) -> Bool {
        !self.isCut[Int(from.rawValue) - 1][Int(to.rawValue) - 1]
    }

    mutating func cutOneWay(_ from: Int, _ to: Int) { self.isCut[from][to] = true }

    mutating func cut(_ one: Int, _ other: Int) {
        self.isCut[one][other] = true
        self.isCut[other][one] = true
    }

    mutating func heal(_ one: Int, _ other: Int) {
        self.isCut[one][other] = false
        self.isCut[other][one] = false
    }

    mutating func healAll() { self = Network(members: self.isCut.count) }
}
