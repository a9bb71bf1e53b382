import RaftCore

/// Which member hears which. A message that is on its way when a link dies is lost with it.
struct Network: Sendable {
    private var isCut: [[Bool]] = []

    mutating func addMember() {
        for place in self.isCut.indices { self.isCut[place].append(false) }
        self.isCut.append(Array(repeating: false, count: self.isCut.count + 1))
    }

    func connects(_ from: NodeID, _ to: NodeID) -> Bool {
        !self.isCut[from.place][to.place]
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

    mutating func healAll() {
        let count = self.isCut.count
        self.isCut = Array(repeating: Array(repeating: false, count: count), count: count)
    }
}
