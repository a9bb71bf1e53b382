import Engine

/// One run of a named pattern as the specification has it: what became of it so far.
struct NamedPatternRun {
    let pattern: NamedPattern
    /// The events that each item took.
    var taken: [[Event]]
    var root: Operand

    /// A node of the pattern during a run.
    indirect enum Operand {
        /// Nothing has come for it, or not enough.
        case items(elements: [NamedPattern.Element], last: Int?, visible: Set<Int>)
        case and([Operand], unless: [Operand], hasBegun: Bool)
        case or([Operand?], shapes: [NamedPattern.Shape])
        /// All its events are there. What is in it may go on taking some, for further matches.
        case done(Operand?)
        case dead
    }

    init(_ pattern: NamedPattern) {
        self.pattern = pattern
        self.taken = Array(repeating: [], count: pattern.items.count)
        self.root = Self.operand(pattern.shape, pattern, [])
    }

    /// - Parameter visible: The items of other operands that conditions may name.
    private static func operand(_ shape: NamedPattern.Shape, _ pattern: NamedPattern, _ visible: Set<Int>) -> Operand {
        switch shape {
        case .event(let item): return .items(elements: [.item(item)], last: nil, visible: visible)
        case .sequence(let elements): return .items(elements: elements, last: nil, visible: visible)
        case .or(let operands):
            return .or(operands.map { self.operand($0, pattern, visible) }, shapes: operands)
        case .and(let operands):
            var (wanted, unless): ([Operand], [Operand]) = ([], [])
            for (place, operand) in operands.enumerated() {
                let others = operands.enumerated().filter { $0.offset != place }.flatMap { pattern.wanted($0.element) }
                if case .not(let unwanted) = operand {
                    unless.append(self.operand(unwanted, pattern, visible.union(others)))
                } else {
                    wanted.append(self.operand(operand, pattern, visible.union(others)))
                }
            }
            return .and(wanted, unless: unless, hasBegun: false)
        case .not: return .dead
        }
    }

    private func isSkippable(_ element: NamedPattern.Element) -> Bool {
        switch element {
        case .item(let item): self.pattern.items[item].maySkip
        case .absence: true
        }
    }

    /// Whether it is complete as soon as the run's time is over, or already.
    func isReady(_ operand: Operand) -> Bool {
        switch operand {
        case .items(let elements, let last?, _): elements[(last + 1)...].allSatisfy(self.isSkippable)
        case .items(_, nil, _), .dead: false
        case .and(let operands, _, _): operands.allSatisfy(self.isReady)
        case .or(let operands, _): operands.contains { $0.map(self.isReady) ?? false }
        case .done: true
        }
    }

    var isDone: Bool { if case .done = self.root { true } else { false } }
    var isDead: Bool { if case .dead = self.root { true } else { false } }
    /// Complete, and nothing can follow.
    var isOver: Bool { if case .done(nil) = self.root { true } else { self.isDead } }

    // MARK: - What must not happen

    mutating func forbid(_ event: Event) { self.root = self.forbidden(self.root, event) }

    private mutating func forbidden(_ operand: Operand, _ event: Event) -> Operand {
        switch operand {
        case .items(let elements, let last?, let visible):
            // From the last event to the next one that may come: what stands between them must not.
            for (place, element) in elements.enumerated().dropFirst(last + 1) {
                if case .absence(let absence) = element, self.pattern.absences[absence].type == event.type {
                    let known = visible.union(self.items(elements[..<place]))
                    let condition = self.pattern.absences[absence].condition
                    if condition.map({ self.value($0, event, .absence(absence, known)) == true }) ?? true {
                        return .dead
                    }
                }
                guard self.isSkippable(element) else { break }
            }
            return operand
        case .and(let operands, let unless, let hasBegun):
            guard hasBegun else { return operand }
            var watched = unless
            for place in watched.indices {
                watched[place] = self.forbidden(watched[place], event)
                if let next = self.fed(watched[place], event, isStart: false) { watched[place] = next }
                if case .done = watched[place] { return .dead }
            }
            let left = operands.map { self.forbidden($0, event) }
            for case .dead in left { return .dead }
            return .and(left, unless: watched, hasBegun: true)
        case .or(let operands, let shapes):
            let left = operands.map { operand -> Operand? in
                guard let operand else { return nil }
                let next = self.forbidden(operand, event)
                if case .dead = next { return nil }
                return next
            }
            return left.allSatisfy { $0 == nil } ? .dead : .or(left, shapes: shapes)
        case .done(let inner?):
            let next = self.forbidden(inner, event)
            if case .dead = next { return .done(nil) }
            return .done(next)
        case .items, .done, .dead: return operand
        }
    }

    private func items(_ elements: some Sequence<NamedPattern.Element>) -> [Int] {
        elements.compactMap { if case .item(let item) = $0 { item } else { nil } }
    }

    // MARK: - What happens

    /// Offers the run an event. Returns whether it takes it.
    mutating func take(_ event: Event, isStart: Bool) -> Bool {
        guard let next = self.fed(self.root, event, isStart: isStart) else { return false }
        self.root = next
        return true
    }

    private mutating func fed(_ operand: Operand, _ event: Event, isStart: Bool) -> Operand? {
        switch operand {
        case .items(let elements, let last, let visible):
            for (place, element) in elements.enumerated().dropFirst(last ?? 0) {
                guard case .item(let item) = element else { continue }
                let isAgain = place == last
                if isAgain, !self.pattern.items[item].isRepeated { continue }
                if self.fits(event, item, visible.union(self.items(elements[..<place]))) {
                    self.taken[item].append(event)
                    let next = Operand.items(elements: elements, last: place, visible: visible)
                    // A trailing NOT waits for the end of the run's time.
                    if case .absence = elements[elements.count - 1] { return next }
                    guard self.isReady(next) else { return next }
                    let isEnd = place == elements.count - 1 && !self.pattern.items[item].isRepeated
                    return .done(isEnd ? nil : next)
                }
                if !isAgain, !self.isSkippable(element) { return nil }
            }
            return nil
        case .and(var operands, let unless, _):
            let order =
                operands.indices.filter { !self.isReady(operands[$0]) }
                + operands.indices.filter { self.isReady(operands[$0]) }
            for place in order {
                guard let next = self.fed(operands[place], event, isStart: isStart) else { continue }
                operands[place] = next
                let isDone = operands.allSatisfy { if case .done = $0 { true } else { false } }
                return isDone ? .done(nil) : .and(operands, unless: unless, hasBegun: true)
            }
            return nil
        case .or(let operands, let shapes):
            let fed = operands.map { $0.flatMap { self.fed($0, event, isStart: isStart) } }
            guard fed.contains(where: { $0 != nil }) else { return nil }
            for (place, operand) in fed.enumerated() {
                guard case .done(let inner)? = operand else { continue }
                self.forget(shapes, but: place)
                return .done(inner)
            }
            let left = zip(fed, operands).map { $0 ?? (isStart ? nil : $1) }
            return .or(left, shapes: shapes)
        case .done(let inner?): return self.fed(inner, event, isStart: false)
        case .done(nil), .dead: return nil
        }
    }

    private mutating func forget(_ shapes: [NamedPattern.Shape], but winner: Int) {
        for (place, shape) in shapes.enumerated() where place != winner {
            for item in self.pattern.wanted(shape) { self.taken[item] = [] }
        }
    }

    /// The run's time is over and it is ready: of an `OR` the first operand that is.
    mutating func settle() { self.settle(self.root) }

    private mutating func settle(_ operand: Operand) {
        switch operand {
        case .and(let operands, _, _): for operand in operands { self.settle(operand) }
        case .or(let operands, let shapes):
            guard let winner = operands.firstIndex(where: { $0.map(self.isReady) ?? false }) else { return }
            if let operand = operands[winner] { self.settle(operand) }
            self.forget(shapes, but: winner)
        case .items, .done, .dead: break
        }
    }

    private func fits(_ event: Event, _ item: Int, _ known: Set<Int>) -> Bool {
        guard event.type == self.pattern.items[item].type else { return false }
        return self.pattern.items[item].condition.map { self.value($0, event, .item(item, known)) == true } ?? true
    }
}
