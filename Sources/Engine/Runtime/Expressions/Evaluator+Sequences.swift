/// Nodes that only sequences have, and from here those of lambdas. Apart from the others, whose stack frame they would make larger.
extension Evaluator {
    mutating func value(ofSequence id: NodeID) -> Value? {
        switch self.code[id] {
        case .captured(let slot): return self.captures[self.captureBase + Int(slot)]
        case .matched(let slot): return self.matched(Int(slot))
        case .unlessFirst(let operand): return self.isFirstOfStep ? .bool(true) : self.value(of: operand)
        case .ifReached(let step, let operand): return step <= self.stepReached ? self.value(of: operand) : nil
        default: return self.value(ofLambda: id)
        }
    }

    /// A value of the run that the current event is the match of.
    private func matched(_ slot: Int) -> Value? {
        if let cursor = self.cursor { return cursor.value(ofSlot: slot) }
        guard let event = self.event, slot < event.captured.count else { return nil }
        return event.captured[slot]
    }
}
