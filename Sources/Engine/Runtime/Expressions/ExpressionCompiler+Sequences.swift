/// The values that runs of a sequence keep, in its conditions and in operations on its matches.
extension ExpressionCompiler {
    /// - Parameter name: What the step is called in the expression, by its alias or its type.
    mutating func captured(
        _ slot: SequenceNames.Slot,
        called name: String,
        isOwn: Bool,
        at place: SequenceNames.Place
    ) -> NodeID {
        let steps = self.sequence?.namesakes(of: slot.step, called: name, at: place) ?? [slot.step]
        self.mention(slot, isOwn: isOwn, at: place, among: steps)
        guard steps.count > 1, !isOwn else { return self.value(of: slot, at: place) }
        // Different operands of an `OR` may call their events by the same name: the one that has an event is meant.
        var node: NodeID?
        for step in steps.reversed() {
            var slot = slot
            slot.step = step
            let value = self.value(of: slot, at: place)
            guard let others = node else {
                node = value
                continue
            }
            let presence = self.value(of: SequenceNames.Slot(step: step, field: nil), at: place)
            node = self.code.append(.conditional(presence, value, others))
        }
        return node ?? self.code.append(.missing)
    }

    private mutating func value(of slot: SequenceNames.Slot, at place: SequenceNames.Place) -> NodeID {
        guard let slot = self.sequence?.slot(slot, at: place) else { return self.code.append(.missing) }
        if case .match = place { return self.code.append(.matched(Int32(slot))) }
        return self.code.append(.captured(Int32(slot)))
    }

    private mutating func mention(
        _ slot: SequenceNames.Slot,
        isOwn: Bool,
        at place: SequenceNames.Place,
        among steps: [Int]
    ) {
        if isOwn { self.mentions.isOwn = true }
        switch place {
        case .match: break
        case .step, .negation:
            if self.sequence?.mayBeAbsent(slot.step) == true {
                // What is added up over no events has a value.
                if !isOwn, slot.function == nil, !self.mentions.absent.contains(steps) {
                    self.mentions.absent.append(steps)
                }
            } else if case .negation = place {
                self.mentions.step = max(self.mentions.step, slot.step)
            }
        }
    }

    /// The node, without a value as long as none of the steps has taken an event.
    mutating func ifPresent(_ steps: [Int], _ node: NodeID) -> NodeID {
        var guarded = self.code.append(.missing)
        for step in steps {
            guard let slot = self.sequence?.slot(SequenceNames.Slot(step: step, field: nil)) else { continue }
            let presence = self.code.append(.captured(Int32(slot)))
            guarded = self.code.append(.conditional(presence, node, guarded))
        }
        return guarded
    }
}
