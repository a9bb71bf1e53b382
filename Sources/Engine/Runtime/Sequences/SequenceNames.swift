import VPL

/// The names of a sequence's steps while its expressions are compiled, and which values of events they ask for.
struct SequenceNames {
    struct Step {
        let type: String
        let alias: String?
        let isKleene: Bool
        /// May be skipped.
        var isOptional = false
    }

    /// Where an expression stands.
    enum Place {
        case step(Int)
        /// The condition of a `.not` of that type, or of a `NOT` among the items of a pattern: that may have an alias, and
        /// stands after a step.
        case negation(type: String, alias: String? = nil, after: Int? = nil)
        /// An operation on matches.
        case match
    }

    /// What a name before a dot stands for.
    enum Reference {
        /// The event that arrives.
        case event
        /// The last event that a step took. `isOwn` where it is the very step whose condition this is.
        case captured(step: Int, isOwn: Bool)
        /// A step that comes later.
        case nothing
    }

    /// A value that runs keep: a field of the last event of a step, or what was added up over its events. Without a field and
    /// a function: whether it has taken one.
    struct Slot: Hashable {
        var step: Int
        let field: String?
        var function: AggregateFunction?
        var periods: Int64 = 0
    }

    let steps: [Step]
    /// Of a pattern with `AND` and `OR`, in which the order of steps is not that of events.
    let scopes: PatternScopes?
    private(set) var slots: [Slot] = []
    /// Whether an operation on matches reads a slot.
    private(set) var isReadByMatches = false
    private var places: [Slot: Int] = [:]
    private(set) var stepsOfAliases: [String: [Int]] = [:]
    private var stepsOfTypes: [String: [Int]] = [:]

    init(_ steps: [Step], scopes: PatternScopes? = nil) {
        self.steps = steps
        self.scopes = scopes
        for (number, step) in steps.enumerated() {
            if let alias = step.alias { self.stepsOfAliases[alias, default: []].append(number) }
            self.stepsOfTypes[step.type, default: []].append(number)
        }
    }

    /// The place of a value in a run's values.
    mutating func slot(_ slot: Slot) -> Int {
        if let place = self.places[slot] { return place }
        self.places[slot] = self.slots.count
        self.slots.append(slot)
        return self.slots.count - 1
    }

    /// The same, for an expression.
    mutating func slot(_ slot: Slot, at place: Place) -> Int {
        if case .match = place { self.isReadByMatches = true }
        return self.slot(slot)
    }

    /// Nil for a name that has nothing to do with the sequence.
    func reference(_ name: String, at place: Place) -> Reference? {
        if let scopes { return self.reference(name, at: place, scopes) }
        guard case .step(let number) = place else {
            if case .negation(_, name, _) = place { return .event }
            if let steps = self.stepsOfAliases[name] {
                guard case .negation(_, _, let number?) = place else {
                    return steps.last.map { .captured(step: $0, isOwn: false) }
                }
                let next = steps.partitioningIndex { $0 > number }
                return next == 0 ? .nothing : .captured(step: steps[next - 1], isOwn: false)
            }
            if case .negation(name, _, _) = place { return .event }
            return self.onlyStep(ofType: name).map { .captured(step: $0, isOwn: false) }
        }
        let step = self.steps[number]
        if name == step.alias { return step.isKleene ? .captured(step: number, isOwn: true) : .event }
        if name == step.type {
            let isAlias = step.isKleene && step.alias == nil && self.onlyStep(ofType: name) != nil
            return isAlias ? .captured(step: number, isOwn: true) : .event
        }
        if let steps = self.stepsOfAliases[name] {
            // In the order of steps: the last one before this.
            let next = steps.partitioningIndex { $0 >= number }
            return next == 0 ? .nothing : .captured(step: steps[next - 1], isOwn: false)
        }
        guard let other = self.onlyStep(ofType: name) else { return nil }
        return other < number ? .captured(step: other, isOwn: false) : .nothing
    }

    /// Whether a run may not have an event of the step although its other steps have theirs.
    func mayBeAbsent(_ step: Int) -> Bool { self.scopes != nil || self.steps[step].isOptional }

    func onlyStep(ofType type: String) -> Int? {
        guard var steps = self.stepsOfTypes[type] else { return nil }
        if let scopes { steps.removeAll { scopes.isNegated($0) } }
        return steps.count == 1 ? steps[0] : nil
    }

    /// The name under which a step's events are known after the pattern.
    func name(of number: Int) -> String? {
        let step = self.steps[number]
        if let scopes, scopes.isNegated(number) { return nil }
        if let alias = step.alias {
            return self.namesakes(of: number, called: alias, at: .match).contains(number) ? alias : nil
        }
        // An alias of that name takes precedence.
        return self.stepsOfAliases[step.type] == nil && self.onlyStep(ofType: step.type) != nil ? step.type : nil
    }
}

extension [Int] {
    /// The first place whose element is such a one, if all others stand before those.
    fileprivate func partitioningIndex(where isSecond: (Int) -> Bool) -> Int {
        var (low, high) = (0, self.count)
        while low < high {
            let middle = (low + high) / 2
            if isSecond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
