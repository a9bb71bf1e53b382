/// What can be asked of arrays inside the lambdas of `.pattern`: `events.filter(e => e.x > 2).len()`.
package enum CollectionMethod: String, CaseIterable, Sendable {
    case filter, map
    case flatten, len, count, first, last, sum, avg, min, max
    case slidingPairs = "sliding_pairs"

    /// Whether its one argument is a lambda; the others have no argument.
    package var takesLambda: Bool {
        switch self {
        case .filter, .map: true
        case .flatten, .len, .count, .first, .last, .sum, .avg, .min, .max, .slidingPairs: false
        }
    }
}
