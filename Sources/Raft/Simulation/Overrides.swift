/// What is left out of a seed's misfortune, so that a failing run becomes a smaller one.
///
/// Empty, it changes nothing: a seed means the same run for ever. A fault that is left out still uses up the chance that
/// it would have used, so that what comes after it is drawn as before.
public struct Overrides: Hashable, Sendable {
    /// Names of kinds of faults that do not happen.
    public var without: Set<String>
    /// Numbers of single faults that do not happen. Faults are numbered from 1 in the order in which they strike.
    public var skipped: Set<Int>
    /// How many requests clients make before everything heals.
    public var requestsMax: Int

    public init(without: Set<String> = [], skipped: Set<Int> = [], requestsMax: Int = .max) {
        self.without = without
        self.skipped = skipped
        self.requestsMax = requestsMax
    }

    /// Everything that `without` may name.
    public static var kinds: [String] {
        Faults.Class.allCases.map(\.rawValue) + Operator.Act.allCases.map(\.rawValue)
            + Nuisance.allCases.map(\.rawValue)
    }
}

/// What may go wrong besides the classes of faults: in a step, or with a message or a write.
enum Nuisance: String, CaseIterable {
    case ambush
    case drop
    case duplicate
    case slowNetwork
    case slowDisk
}

extension World {
    /// Numbers a fault that is about to strike. False if it is left out.
    mutating func strikes(_ kind: String) -> Bool {
        self.report.faults += 1
        let isLeftOut = self.overrides.without.contains(kind) || self.overrides.skipped.contains(self.report.faults)
        if isLeftOut {
            self.report.faultsLeftOut += 1
        } else {
            self.narrator?("\(self.now) us  fault \(self.report.faults): \(kind)")
        }
        return !isLeftOut
    }

    /// Whether something happens that comes too often to be numbered, in `parts` of 1,000 cases.
    mutating func suffers(_ nuisance: Nuisance, _ parts: UInt64) -> Bool {
        self.chance(parts) && !self.overrides.without.contains(nuisance.rawValue)
    }

    /// Lets something happen to a copy of the world, and keeps of that only the chance it used up.
    mutating func forgo(_ happening: (inout World) throws(Violation) -> Void) {
        var copy = self
        copy.narrator = nil
        for place in copy.members.indices { copy.members[place].process = copy.members[place].process?.copy() }
        do throws(Violation) { try happening(&copy) } catch {}  // what did not happen breaks no promise
        self.random = copy.random
    }
}
