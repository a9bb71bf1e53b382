import VPL

/// The state of one call of an aggregate function: one event after the other is added, at any time there is a result.
///
/// `avg`, `min`, `max`, `stddev` and `ema` are of the numbers that are not NaN, `sum` of all numbers.
enum Accumulator: Sendable {
    case count(Int64)
    case distinct(Set<Value>)
    case sum(Double)
    case average(sum: Double, count: Int64)
    case least(Double?)
    case greatest(Double?)
    /// Welford 1962: the mean, and the sum of squared distances from it.
    case deviation(count: Int64, mean: Double, squares: Double)
    /// Nil until there was an event.
    case first(Value?)
    case last(Value)
    case exponential(Double?, weight: Double)

    init(_ call: CompiledAggregate.Call) {
        self =
            switch call.function {
            case .count: .count(0)
            case .countDistinct: .distinct([])
            case .sum: .sum(0)
            case .avg: .average(sum: 0, count: 0)
            case .min: .least(nil)
            case .max: .greatest(nil)
            case .stddev: .deviation(count: 0, mean: 0, squares: 0)
            case .first: .first(nil)
            case .last: .last(.null)
            case .ema: .exponential(nil, weight: call.weight)
            }
    }

    /// - Parameters:
    ///   - value: What the function is applied to, of the event that is added.
    ///   - hasArgument: False for `count()`.
    mutating func add(_ value: Value?, hasArgument: Bool) {
        switch self {
        case .count(let count):
            let isCounted = !hasArgument || !(value ?? .null).isNull
            self = .count(isCounted ? count &+ 1 : count)
        case .distinct(var seen):
            guard let value else { return }
            self = .count(0)
            seen.insert(value)
            self = .distinct(seen)
        case .first(let first): self = .first(first ?? value ?? .null)
        case .last: self = .last(value ?? .null)
        case .sum(let sum):
            if let number = value?.number { self = .sum(sum + number) }
        case .average, .least, .greatest, .deviation, .exponential:
            if let number = value?.number, !number.isNaN { self.add(number) }
        }
    }

    private mutating func add(_ number: Double) {
        switch self {
        case .average(let sum, let count): self = .average(sum: sum + number, count: count + 1)
        case .least(let least): self = .least(least.map { min($0, number) } ?? number)
        case .greatest(let greatest): self = .greatest(greatest.map { max($0, number) } ?? number)
        case .deviation(let count, let mean, let squares):
            let distance = number - mean
            let newMean = mean + distance / Double(count + 1)
            self = .deviation(count: count + 1, mean: newMean, squares: squares + distance * (number - newMean))
        case .exponential(let average, let weight):
            self = .exponential(average.map { number * weight + $0 * (1 - weight) } ?? number, weight: weight)
        case .count, .distinct, .sum, .first, .last: break
        }
    }

    var result: Value {
        switch self {
        case .count(let count): .int(count)
        case .distinct(let seen): .int(Int64(seen.count))
        case .sum(let sum): .float(sum)
        case .average(let sum, let count): count == 0 ? .null : .float(sum / Double(count))
        case .least(let number), .greatest(let number), .exponential(let number, _): number.map { .float($0) } ?? .null
        case .deviation(let count, _, let squares):
            count < 2 ? .null : .float((squares / Double(count - 1)).squareRoot())
        case .first(let value): value ?? .null
        case .last(let value): value
        }
    }
}

/// A batch's aggregate under way: of one partition.
struct Aggregation: Sendable {
    private(set) var accumulators: [Accumulator]
    /// The greatest time of its events.
    private(set) var timestamp = Int64.min
    /// The key's value in the first event; nil where it is absent.
    let key: Value?

    init(_ aggregate: CompiledAggregate, key: Value?) {
        self.accumulators = aggregate.calls.map { Accumulator($0) }
        self.key = key
    }

    /// What was added up elsewhere.
    init(_ accumulators: [Accumulator], timestamp: Int64, key: Value?) {
        self.accumulators = accumulators
        self.timestamp = timestamp
        self.key = key
    }

    /// Adds the evaluator's current event.
    mutating func add(_ event: Event, _ aggregate: CompiledAggregate, _ evaluator: inout Evaluator) {
        self.timestamp = max(self.timestamp, event.timestamp)
        for place in aggregate.calls.indices {
            let argument = aggregate.calls[place].argument
            let value = argument.flatMap { evaluator.evaluate($0) }
            self.accumulators[place].add(value, hasArgument: argument != nil)
        }
    }

    /// The event that takes the batch's place.
    func result(_ aggregate: CompiledAggregate, type: String) -> Event {
        var fields = aggregate.fields(self.accumulators.map(\.result))
        if let key = aggregate.key {
            if let value = self.key, fields[key] == nil { fields[key] = value }
            if fields["_partition"] == nil { fields["_partition"] = .string(self.key.partitionText) }
        }
        return Event(type: type, timestamp: self.timestamp, fields: fields)
    }
}

extension Value? {
    /// The text of a partition key. Events without the field are one partition.
    var partitionText: String { self?.text ?? "" }
}

extension Aggregation {
    /// About what it takes in memory.
    var heldBytes: Int {
        self.accumulators.reduce(MemoryLayout<Aggregation>.stride) { sum, accumulator in
            sum + MemoryLayout<Accumulator>.stride + accumulator.heldBytes
        }
    }
}

extension Accumulator {
    /// What it takes in memory beside its place.
    var heldBytes: Int {
        switch self {
        case .distinct(let seen):
            HeldBytes.of(seen.count, like: seen.lazy.map { $0.heldBytes })
                + seen.count * (MemoryLayout<Value>.stride + HeldBytes.tableEntry)
        case .first(let value): value?.heldBytes ?? 0
        case .last(let value): value.heldBytes
        case .count, .sum, .average, .least, .greatest, .deviation, .exponential: 0
        }
    }
}
