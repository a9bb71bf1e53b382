/// What an aggregate function has to know of a run of events. Two runs, one after the other, make one.
///
/// Nothing is ever subtracted, so floats do not drift. What the words are, by kind:
///
///     kind             count           first word          second               third
///     latest           latest time
///     count            events
///     sum                              sum
///     average          numbers         sum
///     least, greatest  numbers         the number
///     deviation        numbers         mean                squared distances
///     exponential      numbers         average             factor               summand
///
/// An exponential average's first word holds where no number precedes the run. Where numbers precede it that average to
/// p, the average after it is p * factor + summand. With weight 1/2 the numbers 4, 8 are (2, 6, 1/4, 5): 6 by themselves,
/// and after an average of 20 they make 20 * 1/4 + 5 = 10, as 20, 12, 10 does.
struct Summary: BitwiseCopyable, Sendable {
    enum Kind: BitwiseCopyable, Sendable {
        case latest, count, sum, average, least, greatest, deviation
        case exponential(weight: Double)
    }

    var count: Int64 = 0
    var first = 0.0
    var second = 0.0
    var third = 0.0

    init(latest time: Int64) { self.count = time }

    /// Of the one event that was added.
    ///
    /// - Parameter accumulator: Not of a kind that holds values.
    init(_ accumulator: Accumulator) {
        switch accumulator {
        case .count(let count): self.count = count
        case .sum(let sum): self.first = sum
        case .average(let sum, let count): (self.count, self.first) = (count, sum)
        case .least(let number?), .greatest(let number?): (self.count, self.first) = (1, number)
        case .deviation(let count, let mean, let squares):
            (self.count, self.first, self.second) = (count, mean, squares)
        case .exponential(let number?, let weight):
            (self.count, self.first, self.second, self.third) = (1, number, 1 - weight, number * weight)
        case .least(nil), .greatest(nil), .exponential(nil, _): break
        case .distinct, .first, .last: preconditionFailure("values are not summed up")
        }
    }

    /// What the function would have come to over the run.
    func accumulator(_ kind: Kind) -> Accumulator {
        let number = self.count == 0 ? nil : self.first
        return switch kind {
        case .latest, .count: .count(self.count)
        case .sum: .sum(self.first)
        case .average: .average(sum: self.first, count: self.count)
        case .least: .least(number)
        case .greatest: .greatest(number)
        case .deviation: .deviation(count: self.count, mean: self.first, squares: self.second)
        case .exponential(let weight): .exponential(number, weight: weight)
        }
    }

    /// The summary of this run and one right after it.
    func followed(by later: Summary, _ kind: Kind) -> Summary {
        var both = self
        switch kind {
        case .latest:
            both.count = max(self.count, later.count)
            return both
        case .sum:
            both.first += later.first
            return both
        case .count, .average, .least, .greatest, .deviation, .exponential: break
        }
        if self.count == 0 { return later }
        if later.count == 0 { return self }
        both.count += later.count
        switch kind {
        case .latest, .count, .sum: break
        case .average: both.first += later.first
        case .least: both.first = min(self.first, later.first)
        case .greatest: both.first = max(self.first, later.first)
        case .deviation:
            // Chan, Golub, LeVeque 1979.
            let distance = later.first - self.first
            let share = Double(later.count) / Double(both.count)
            both.first += distance * share
            both.second += later.second + distance * distance * share * Double(self.count)
        case .exponential(let weight):
            both.first = later.continued(from: self.first, weight)
            both.second *= later.second
            both.third = later.continued(from: self.third, weight)
        }
        return both
    }

    /// The exponential average after the run if it was `average` before.
    private func continued(from average: Double, _ weight: Double) -> Double {
        // The factor of a long run is too small for a float, but what is infinite stays so.
        let isKept = self.second == 0 && weight != 1 && average.isInfinite
        return (isKept ? average : average * self.second) + self.third
    }
}
