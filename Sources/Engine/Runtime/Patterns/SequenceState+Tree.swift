/// Patterns with `AND` and `OR`: what becomes of their runs.
///
/// A run has a state for each node of the tree. An `AND` gives an event to the first of its operands that does not have all
/// its events yet and takes it, or else to the first that goes on taking; an `OR` gives it to all, for they know nothing of
/// each other, and is what the first one to complete is. The first event of a run is part of its match: operands of an `OR`
/// that do not take it are out.
extension SequenceState {
    /// Offers an event to the runs of a partition in the order of their start.
    mutating func offerToTrees(
        _ event: Event,
        of type: Int,
        in partition: Int32,
        _ evaluator: inout Evaluator,
        _ matches: inout [Event]
    ) {
        var next = self.lists.first(partition, at: 0)
        while next != 0 {
            let run = next
            next = self.table[run].next
            guard self.typesWanted[Int(run)] & Self.bit(of: type) != 0 else { continue }
            if self.offerToTree(event, of: type, of: run, &evaluator, &matches) {
                self.typesWanted[Int(run)] = self.typesWanted(by: 0, of: run)
            } else {
                self.end(run, &evaluator)
            }
        }
    }

    /// Offers an event to a run. Returns whether the run goes on.
    private mutating func offerToTree(
        _ event: Event,
        of type: Int,
        of run: Int32,
        _ evaluator: inout Evaluator,
        _ matches: inout [Event]
    ) -> Bool {
        self.negate(node: 0, of: run, by: event, of: type, &evaluator)
        guard self[run, 0].progress != .dead, !self.isComplete(run) || self.goesOn(node: 0, of: run) else {
            return false
        }
        guard self.offer(event, of: type, to: 0, of: run, isStart: false, &evaluator), self.isComplete(run) else {
            return true
        }
        matches.append(self.match(of: run, at: event.timestamp, evaluator.captures))
        return self.goesOn(node: 0, of: run)
    }

    /// - Parameter partition: Nil where there is none of the key yet.
    mutating func startTree(
        with event: Event,
        of type: Int,
        in partition: inout Int32?,
        of key: ExactText,
        _ evaluator: inout Evaluator,
        _ matches: inout [Event]
    ) {
        guard self.typesOfStarters.contains(type) else { return }
        let run = self.table.begin(at: event.timestamp, in: partition ?? 0, &evaluator.captures)
        self.makeNodes(of: run)
        guard self.offer(event, of: type, to: 0, of: run, isStart: true, &evaluator) else {
            return self.table.end(run, &evaluator.captures)
        }
        let isMatch = self[run, 0].isComplete
        if isMatch, !self.goesOn(node: 0, of: run) {
            matches.append(self.match(of: run, at: event.timestamp, evaluator.captures))
            return self.table.end(run, &evaluator.captures)
        }
        let place = partition ?? self.lists.add(key)
        partition = place
        guard self.lists[place].runCount < self.runsMax else {
            self.dropped += 1
            return self.table.end(run, &evaluator.captures)
        }
        if self.isOver(event.timestamp, in: place), !isMatch, !self.isSettled(node: 0, of: run) {
            return self.table.end(run, &evaluator.captures)
        }
        self.table[run].partition = place
        self.lists.append(run, &self.table)
        if self.sequence.within != nil { self.lists.insertByTime(run, &self.table) }
        if isMatch { matches.append(self.match(of: run, at: event.timestamp, evaluator.captures)) }
        self.typesWanted[Int(run)] = self.typesWanted(by: 0, of: run)
    }

    // MARK: - Types

    /// Types beyond the 64th are taken together.
    private static func bit(of type: Int) -> UInt64 { 1 << UInt64(min(type, 63)) }

    /// The types of events that may make a difference to a node. Where there are many runs, few of them want an event.
    private func typesWanted(by node: Int, of run: Int32) -> UInt64 {
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

    // MARK: - Nodes

    private subscript(run: Int32, node: Int) -> PatternNodeState {
        get { self.nodes[Int(run) * self.nodesOfTree.count + node] }
        set { self.nodes[Int(run) * self.nodesOfTree.count + node] = newValue }
    }

    mutating func forgetNodes() {
        self.nodes.removeAll()
        self.typesWanted.removeAll()
    }

    private mutating func makeNodes(of run: Int32) {
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
    private func goesOn(node: Int, of run: Int32) -> Bool {
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

    // MARK: - Negations

    /// Ends nodes because of an event that was not to come.
    private mutating func negate(
        node: Int,
        of run: Int32,
        by event: Event,
        of type: Int,
        _ evaluator: inout Evaluator
    ) {
        let state = self[run, node]
        guard state.progress != .dead else { return }
        let described = self.nodesOfTree[node]
        switch described.kind {
        case .items:
            guard state.position >= 0, state.progress != .closed else { return }
            for negation in described.negations
            where self.isNegated(at: Int(state.position), of: run, by: negation, of: type, &evaluator) {
                self[run, node].progress = state.isComplete ? .closed : .dead
                return
            }
        case .any:
            var isAlive = false
            for operand in described.operands {
                self.negate(node: operand, of: run, by: event, of: type, &evaluator)
                if self[run, operand].progress != .dead { isAlive = true }
            }
            if !isAlive { self[run, node].progress = .dead }
        case .all:
            guard state.position >= 0, state.progress == .open else { return }
            for operand in described.unless {
                self.negate(node: operand, of: run, by: event, of: type, &evaluator)
                _ = self.offer(event, of: type, to: operand, of: run, isStart: false, &evaluator)
                guard !self[run, operand].isComplete else {
                    self[run, node].progress = .dead
                    return
                }
            }
            for operand in described.operands {
                self.negate(node: operand, of: run, by: event, of: type, &evaluator)
                guard self[run, operand].progress != .dead else {
                    self[run, node].progress = .dead
                    return
                }
            }
        }
    }

    /// Whether one of the `NOT` of a node that is at a position forbids the event.
    private func isNegated(
        at position: Int,
        of run: Int32,
        by negation: Int,
        of type: Int,
        _ evaluator: inout Evaluator
    ) -> Bool {
        guard self.typesOfNegations[negation] == type, let negation = self.sequence.tree?.negations[negation],
            negation.positions?.contains(position) ?? true
        else { return false }
        guard let condition = negation.condition else { return true }
        evaluator.captureBase = Int(run) * self.sequence.slotCount
        return evaluator.holds(condition)
    }

    // MARK: - Offers

    /// Offers an event to a node. Returns whether it takes it.
    ///
    /// - Parameter isStart: Whether it is the first event of the run.
    private mutating func offer(
        _ event: Event,
        of type: Int,
        to node: Int,
        of run: Int32,
        isStart: Bool,
        _ evaluator: inout Evaluator
    ) -> Bool {
        let state = self[run, node]
        guard state.progress == .open || state.progress == .complete else { return false }
        let described = self.nodesOfTree[node]
        switch described.kind {
        case .items:
            guard let taker = self.taker(described, at: Int(state.position), of: run, type, &evaluator) else {
                return false
            }
            self.table.accept(event, by: self.sequence.steps[taker], at: taker, for: run, &evaluator.captures)
            self[run, node].position = Int32(taker)
            if taker >= described.completePosition, !described.waitsForDeadline {
                self[run, node].progress = .complete
            }
            return true
        case .all:
            guard state.progress == .open else { return false }
            // Before any takes the event, so that one which this completes is not asked again.
            let isSettled = described.operands.map { self.isSettled(node: $0, of: run) }
            for wanted in [false, true] {
                for (place, operand) in described.operands.enumerated() where isSettled[place] == wanted {
                    guard self.offer(event, of: type, to: operand, of: run, isStart: isStart, &evaluator) else {
                        continue
                    }
                    self[run, node].position = 0
                    if described.operands.allSatisfy({ self[run, $0].isComplete }) {
                        self[run, node].progress = .complete
                    }
                    return true
                }
            }
            return false
        case .any:
            guard state.progress == .open else {
                let winner = described.operands[Int(state.position)]
                return self.offer(event, of: type, to: winner, of: run, isStart: false, &evaluator)
            }
            var takers: [Int] = []
            for (place, operand) in described.operands.enumerated()
            where self.offer(event, of: type, to: operand, of: run, isStart: isStart, &evaluator) {
                takers.append(place)
            }
            guard !takers.isEmpty else { return false }
            if isStart {
                for (place, operand) in described.operands.enumerated() where !takers.contains(place) {
                    self[run, operand].progress = .dead
                }
            }
            if let winner = takers.first(where: { self[run, described.operands[$0]].isComplete }) {
                self[run, node] = PatternNodeState(progress: .complete, position: Int32(winner))
                self.forgetOperands(of: described, but: winner, of: run, &evaluator.captures)
            }
            return true
        }
    }

    /// The step of a leaf that takes the event: as for the runs of sequences.
    private func taker(
        _ node: PatternTree.Node,
        at position: Int,
        of run: Int32,
        _ type: Int,
        _ evaluator: inout Evaluator
    ) -> Int? {
        let isRepeated = position >= 0 && self.sequence.steps[position].isKleene
        if isRepeated, self.typesOfSteps[position] == type,
            self.fits(position, run: run, isFirst: false, &evaluator)
        {
            return position
        }
        var next = max(position + 1, node.steps.lowerBound)
        let last = node.reach[next - node.steps.lowerBound]
        while next <= last {
            if self.typesOfSteps[next] == type, self.fits(next, run: run, isFirst: true, &evaluator) { return next }
            next += 1
        }
        return nil
    }

    // MARK: - Matches

    /// The run's time is over: what waited for that is complete.
    mutating func settle(node: Int, of run: Int32, _ values: inout [Value?]) {
        guard self[run, node].progress == .open else { return }
        let described = self.nodesOfTree[node]
        switch described.kind {
        case .items: break
        case .all:
            for operand in described.operands { self.settle(node: operand, of: run, &values) }
        case .any:
            guard let winner = described.operands.firstIndex(where: { self.isSettled(node: $0, of: run) }) else {
                return
            }
            self.settle(node: described.operands[winner], of: run, &values)
            self.forgetOperands(of: described, but: winner, of: run, &values)
        }
    }

    /// What the other operands of an `OR` have is not part of the match.
    private mutating func forgetOperands(
        of node: PatternTree.Node,
        but winner: Int,
        of run: Int32,
        _ values: inout [Value?]
    ) {
        for (place, operand) in node.operands.enumerated() where place != winner {
            for step in self.nodesOfTree[operand].steps {
                self.table.forget(self.sequence.steps[step], at: step, of: run, &values)
            }
        }
    }
}
