/// Names in patterns with `AND` and `OR`, in which the order of steps is not that of events.
extension SequenceNames {
    /// Which steps may be named at a place.
    private func sees(_ step: Int, from place: Place, _ scopes: PatternScopes) -> Bool {
        switch place {
        case .step(let number): scopes.sees(number, step)
        case .negation(_, _, let number?): step == number || scopes.sees(number, step)
        case .negation, .match: !scopes.isNegated(step)
        }
    }

    func reference(_ name: String, at place: Place, _ scopes: PatternScopes) -> Reference? {
        switch place {
        case .step(let number):
            let step = self.steps[number]
            if name == step.alias { return step.isKleene ? .captured(step: number, isOwn: true) : .event }
            if name == step.type {
                let isAlias = step.isKleene && step.alias == nil && self.onlyStep(ofType: name) == number
                return isAlias ? .captured(step: number, isOwn: true) : .event
            }
        case .negation(_, name, _): return .event
        case .negation, .match: break
        }
        if let steps = self.stepsOfAliases[name] {
            let last = steps.last { self.sees($0, from: place, scopes) }
            return last.map { .captured(step: $0, isOwn: false) } ?? .nothing
        }
        if case .negation(name, _, _) = place { return .event }
        guard let other = self.onlyStep(ofType: name) else { return nil }
        return self.sees(other, from: place, scopes) ? .captured(step: other, isOwn: false) : .nothing
    }

    /// The steps that the name of one may stand for at a place, of which a run has events of at most one: the last of them,
    /// and those of other operands of an `OR`.
    func namesakes(of step: Int, called name: String, at place: Place) -> [Int] {
        guard let alias = self.steps[step].alias, alias == name, let steps = self.stepsOfAliases[alias], steps.count > 1
        else {
            return [step]
        }
        guard let scopes else {
            if case .match = place { return steps.suffix(1) }
            return [step]
        }
        return steps.reversed().reduce(into: []) { found, step in
            guard self.sees(step, from: place, scopes), found.allSatisfy({ scopes.excludes($0, step) }) else { return }
            found.append(step)
        }.sorted()
    }

    /// The steps that are known by the name after the pattern.
    func steps(named name: String) -> [Int] {
        guard case .captured(let step, _) = self.reference(name, at: .match) else { return [] }
        return self.namesakes(of: step, called: name, at: .match)
    }
}
