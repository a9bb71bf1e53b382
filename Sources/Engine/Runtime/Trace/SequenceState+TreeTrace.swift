import VPL

/// How far the operands of a run's pattern have come, for people to see.
extension SequenceState {
    /// The leaves that are to have events, and the step of each that took the last one.
    func leafPositions(of run: Int32) -> [(node: Int, position: Int32)] {
        self.leaves(of: 0).map { ($0, self[run, $0].position) }
    }

    private func leaves(of node: Int) -> [Int] {
        let described = self.nodesOfTree[node]
        return described.kind == .items ? [node] : described.operands.flatMap { self.leaves(of: $0) }
    }

    /// The steps that a run has come to. None if a step took one more event.
    func takers(of run: Int32, since before: [(node: Int, position: Int32)]) -> [Int] {
        zip(before, self.leafPositions(of: run)).filter { $0.position != $1.position }.map { Int($1.position) }
    }

    /// The steps that may take the next event.
    func stepsAwaited(by node: Int, of run: Int32) -> [Int] {
        let state = self[run, node]
        guard state.progress == .open || state.progress == .complete else { return [] }
        let described = self.nodesOfTree[node]
        switch described.kind {
        case .items:
            let position = Int(state.position)
            let next = max(position + 1, described.steps.lowerBound)
            let again = position >= 0 && self.sequence.steps[position].isKleene ? [position] : []
            return again + Array(next..<max(next, described.reach[next - described.steps.lowerBound] + 1))
        case .all:
            return state.progress == .open ? described.operands.flatMap { self.stepsAwaited(by: $0, of: run) } : []
        case .any:
            let operands = state.progress == .open ? described.operands : [described.operands[Int(state.position)]]
            return operands.flatMap { self.stepsAwaited(by: $0, of: run) }
        }
    }

    /// The steps that may have events of the run: of each leaf those up to the one that took the last.
    func stepsTaken(by node: Int, of run: Int32) -> [(step: Int, isLast: Bool)] {
        let state = self[run, node]
        guard state.progress != .dead else { return [] }
        let described = self.nodesOfTree[node]
        switch described.kind {
        case .items:
            let position = Int(state.position)
            return described.steps.filter { $0 <= position }.map { ($0, $0 == position) }
        case .any where state.isComplete:
            return self.stepsTaken(by: described.operands[Int(state.position)], of: run)
        case .all, .any: return described.operands.flatMap { self.stepsTaken(by: $0, of: run) }
        }
    }

    // MARK: - Text

    /// What a run waits for.
    func textOfWaiting(_ run: Int32, _ conditions: [NodeID: Expression]) -> String {
        if self.isComplete(run) {
            let steps = self.stepsAwaited(by: 0, of: run).map { self.sequence.outline(ofStep: $0, conditions).text() }
            return "the run waits for more: \(steps.joined(separator: ", or "))"
        }
        return
            "the run waits for \(self.textOfOpen(node: 0, of: run, isWithin: false, conditions) ?? "the end of its time")"
    }

    /// What is missing of a node; nil if nothing is.
    private func textOfOpen(
        node: Int,
        of run: Int32,
        isWithin: Bool,
        _ conditions: [NodeID: Expression]
    ) -> String? {
        let state = self[run, node]
        guard state.progress == .open else { return nil }
        let described = self.nodesOfTree[node]
        switch described.kind {
        case .items:
            if self.isSettled(node: node, of: run) { return "the end of its time" }
            let steps = self.stepsAwaited(by: node, of: run).map { step in
                self.sequence.outline(ofStep: step, conditions).text(isMore: Int32(step) == state.position)
            }
            let text = steps.joined(separator: ", or ")
            return isWithin && steps.count > 1 ? "(\(text))" : text
        case .all, .any:
            let operands = described.operands.compactMap {
                self.textOfOpen(node: $0, of: run, isWithin: true, conditions)
            }
            if operands.isEmpty { return nil }
            let text = operands.joined(separator: described.kind == .all ? " AND " : " OR ")
            return isWithin && operands.count > 1 ? "(\(text))" : text
        }
    }

    /// For each operand of the pattern whether it has its events.
    func textsOfOperands(of run: Int32, _ conditions: [NodeID: Expression]) -> [String] {
        guard let tree = self.sequence.tree else { return [] }
        let root = self.nodesOfTree[0]
        var texts = root.operands.map { node in
            "\(tree.text(of: node, self.sequence, isWithin: true)): \(self.progress(of: node, of: run, conditions))"
        }
        for node in root.unless {
            let hasBegun = !self.stepsTaken(by: node, of: run).isEmpty
            let progress = hasBegun ? "part of it came" : "has not come"
            texts.append("NOT \(tree.text(of: node, self.sequence, isWithin: true)): \(progress)")
        }
        return texts
    }

    private func progress(of node: Int, of run: Int32, _ conditions: [NodeID: Expression]) -> String {
        let state = self[run, node]
        if state.progress == .dead { return "is out" }
        if state.isComplete { return "has its events" }
        if self.isSettled(node: node, of: run) { return "has its events, and waits for the end of the run's time" }
        let steps = self.stepsTaken(by: node, of: run).filter { !self.sequence.steps[$0.step].isOptional || $0.isLast }
        let names = steps.map { self.sequence.outline(ofStep: $0.step, conditions).text(withCondition: false) }
        let has = names.isEmpty ? "" : "has \(names.joined(separator: ", ")); "
        let missing = self.textOfOpen(node: node, of: run, isWithin: false, conditions) ?? "nothing"
        return "\(has)waits for \(missing)"
    }
}
