/// What events do to the nodes of a run's tree: some are taken, some are not to come.
extension SequenceState {
    /// Ends nodes because of an event that was not to come.
    mutating func negate(
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
    mutating func offer(
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
