/// What the runs of patterns with `AND` and `OR` know of the nodes of the tree.
extension SequenceState {
    subscript(run: Int32, node: Int) -> PatternNodeState {
        get { self.nodes[Int(run) * self.nodesOfTree.count + node] }
        set { self.nodes[Int(run) * self.nodesOfTree.count + node] = newValue }
    }

    mutating func forgetNodes() {
        self.nodes.removeAll()
        self.typesWanted.removeAll()
    }

    mutating func makeNodes(of run: Int32) {
        let start = Int(run) * self.nodesOfTree.count
        let missing = start + self.nodesOfTree.count - self.nodes.count
        if missing > 0 { self.nodes.append(contentsOf: repeatElement(PatternNodeState(), count: missing)) }
        for place in start..<start + self.nodesOfTree.count { self.nodes[place] = PatternNodeState() }
        let missingTypes = Int(run) + 1 - self.typesWanted.count
        if missingTypes > 0 { self.typesWanted.append(contentsOf: repeatElement(0, count: missingTypes)) }
    }

    /// Whether its match, or the first of several, was output.
    func isComplete(_ run: Int32) -> Bool { self[run, 0].isComplete }

    /// Whether it has all its events; what ends with a `NOT` is complete when the run's time is over.
    func isSettled(node: Int, of run: Int32) -> Bool {
        let state = self[run, node]
        guard state.progress == .open else { return state.isComplete }
        let described = self.nodesOfTree[node]
        switch described.kind {
        case .items: return described.waitsForDeadline && Int(state.position) >= described.completePosition
        case .all: return described.operands.allSatisfy { self.isSettled(node: $0, of: run) }
        case .any: return described.operands.contains { self.isSettled(node: $0, of: run) }
        }
    }

    /// Whether a complete node may take more events, each for another match.
    func goesOn(node: Int, of run: Int32) -> Bool {
        let state = self[run, node]
        guard state.progress == .complete else { return false }
        let described = self.nodesOfTree[node]
        switch described.kind {
        case .items:
            let position = Int(state.position)
            return position < described.steps.upperBound - 1 || self.sequence.steps[position].isKleene
        case .all: return false
        case .any: return self.goesOn(node: described.operands[Int(state.position)], of: run)
        }
    }

    /// Types beyond the 64th are taken together.
    static func bit(of type: Int) -> UInt64 { 1 << UInt64(min(type, 63)) }

    /// The types of events that may make a difference to a node. Where there are many runs, few of them want an event.
    func typesWanted(by node: Int, of run: Int32) -> UInt64 {
        let state = self[run, node]
        guard state.progress == .open || state.progress == .complete else { return 0 }
        let described = self.nodesOfTree[node]
        var types: UInt64 = 0
        switch described.kind {
        case .items:
            let position = Int(state.position)
            let next = max(position + 1, described.steps.lowerBound)
            if position >= 0, self.sequence.steps[position].isKleene {
                types |= Self.bit(of: self.typesOfSteps[position])
            }
            for step in next..<max(next, described.reach[next - described.steps.lowerBound] + 1) {
                types |= Self.bit(of: self.typesOfSteps[step])
            }
            if position >= 0 {
                for negation in described.negations { types |= Self.bit(of: self.typesOfNegations[negation]) }
            }
        case .all:
            guard state.progress == .open else { return 0 }
            for operand in described.operands { types |= self.typesWanted(by: operand, of: run) }
            if state.position >= 0 {
                for operand in described.unless { types |= self.typesWanted(by: operand, of: run) }
            }
        case .any:
            guard state.progress == .open else {
                return self.typesWanted(by: described.operands[Int(state.position)], of: run)
            }
            for operand in described.operands { types |= self.typesWanted(by: operand, of: run) }
        }
        return types
    }
}
