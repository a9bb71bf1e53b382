/// The functions every program can call. A program's own function of the same name wins.
package enum BuiltinFunction: String, CaseIterable, Sendable {
    case abs, sqrt, log, log10, exp, sin, cos, tan, floor, ceil, round, pow, min, max, clamp
    case len, first, last, push, pop, reverse, sort, unique, flatten, zip, concat, contains
    case keys, values, get, set, range, sum, avg
    case trim, lower, upper, lowercase, uppercase, split, join, replace, substring
    case toLower = "to_lower"
    case toUpper = "to_upper"
    case startsWith = "starts_with"
    case endsWith = "ends_with"
    case toString = "to_string"
    case toInt = "to_int"
    case toFloat = "to_float"
    case typeOf = "type_of"
    case isNull = "is_null"
    case isInt = "is_int"
    case isFloat = "is_float"
    case isString = "is_string"
    case isBool = "is_bool"
    case isArray = "is_array"
    case isMap = "is_map"
    case coalesce
    case ifNull = "if_null"
    case now, timestamp, format, parse, print

    static let names = Set(Self.allCases.map(\.rawValue))
}

/// The functions that stand only inside `.aggregate`.
package enum AggregateFunction: String, CaseIterable, Sendable {
    case count
    case countDistinct = "count_distinct"
    case sum, avg, min, max, stddev, first, last, ema

    /// Whether a call without arguments has no meaning.
    var needsArgument: Bool {
        switch self {
        case .sum, .avg, .min, .max, .stddev: true
        case .count, .countDistinct, .first, .last, .ema: false
        }
    }
}

/// The functions that stand only inside `.trend_aggregate`.
package enum TrendFunction: String, CaseIterable, Sendable {
    case countTrends = "count_trends"
    case countEvents = "count_events"
    case sumTrends = "sum_trends"
    case avgTrends = "avg_trends"
    case minTrends = "min_trends"
    case maxTrends = "max_trends"

    /// Whether it is about the events that are part of complete trends, and not about each of the trends.
    package var isOfEvents: Bool {
        switch self {
        case .countEvents, .minTrends, .maxTrends: true
        case .countTrends, .sumTrends, .avgTrends: false
        }
    }
}
