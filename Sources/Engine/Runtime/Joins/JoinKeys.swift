import VPL

/// What the equalities of a join's conditions say about its key.
///
/// `A.x == B.y and B.y == C.z` makes a class of three fields that are equal. A class with a field of every source is a
/// component of the key. What the key does not say is evaluated on joined events.
struct JoinKeys {
    private struct Field: Hashable {
        let source: Int
        let name: String
    }

    /// The fields of each source's key, components in the same order for all.
    private(set) var ofSources: [[String]]
    /// The parts of the conditions that do not hold of every pair with one key.
    private(set) var rest: [Expression] = []
    private var classes: [Set<Field>] = []
    private let qualifiers: [[String]]

    init(_ conditions: [Expression], _ qualifiers: [[String]]) {
        self.qualifiers = qualifiers
        self.ofSources = qualifiers.map { _ in [] }
        let parts = conditions.flatMap { Self.parts(of: $0) }
        for part in parts { self.add(part) }
        for fields in self.classes {
            let component = qualifiers.indices.map { source in
                fields.filter { $0.source == source }.map(\.name).min()
            }
            guard component.allSatisfy({ $0 != nil }) else { continue }
            for (source, name) in component.enumerated() { if let name { self.ofSources[source].append(name) } }
        }
        self.rest = parts.filter { !self.isImplied($0) }
    }

    /// Fields of one component are equal.
    private func isImplied(_ part: Expression) -> Bool {
        guard case .binary(.equal, let left, let right) = part.kind, let one = self.field(left),
            let other = self.field(right), one.source != other.source
        else { return false }
        let components = zip(self.ofSources[one.source], self.ofSources[other.source])
        return components.contains { $0 == one.name && $1 == other.name }
    }

    /// What has to be true for the condition to be.
    private static func parts(of condition: Expression) -> [Expression] {
        guard case .binary(.and, let left, let right) = condition.kind else { return [condition] }
        return self.parts(of: left) + self.parts(of: right)
    }

    private mutating func add(_ condition: Expression) {
        switch condition.kind {
        case .binary(.equal, let left, let right):
            guard let one = self.field(left), let other = self.field(right), one.source != other.source else { return }
            let joined = self.classes.filter { $0.contains(one) || $0.contains(other) }
            self.classes.removeAll { $0.contains(one) || $0.contains(other) }
            self.classes.append(joined.reduce([one, other]) { $0.union($1) })
        default: break
        }
    }

    /// `Source.field`. A name that two sources have is the first one's.
    private func field(_ expression: Expression) -> Field? {
        guard case .member(let base, let name, false) = expression.kind, case .name(let qualifier) = base.kind,
            let source = self.qualifiers.firstIndex(where: { $0.contains(qualifier) })
        else { return nil }
        return Field(source: source, name: name.text)
    }
}
