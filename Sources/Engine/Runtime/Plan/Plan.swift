public import VPL

/// A program ready to run: streams in the order declared, names resolved, and who reads which events.
///
/// A plan is a value without state; any number of pipelines can be made of it.
public struct Plan: Sendable {
    /// What the program declares or was given; see `sources` and `sinks` for what it uses.
    public let connectors: [ConnectorDeclaration]
    /// The streams that read from connectors.
    public let sources: [SourceBinding]
    /// The places where streams send to connectors. A sink's id is its place here, the same for every run of the program.
    public let sinks: [SinkBinding]
    /// How many statements the program has.
    public let statementCount: Int

    /// The contexts declared.
    let contexts: [PlannedContext]
    var streams: [CompiledStream]
    /// The streams to which events of a type go, in the order declared.
    var routes: [String: [Int]]
    let code: Code
    let functions: [CompiledFunction]
    /// How the conditions of streams are written, by the places of what they are compiled to.
    let conditions: [NodeID: Expression]
    /// The values of global variables after the program is loaded.
    let globals: [Value?]
    /// How many operations keep a count, and how many remember keys.
    let counterCount: Int
    let memoryCount: Int
    /// The windows of streams, by the places of their states.
    let windows: [CompiledWindow]
    /// The windows that sum up while they slide, with the aggregates after them, by the same places; nil for others.
    let slidingAggregates: [SlidingAggregate?]
    /// The tumbling windows that sum up, with the aggregates after them, by the same places; nil for others.
    var windowSums: [KeyedSums?] = []
    /// The aggregates over all events so far.
    var sums: [KeyedSums] = []
    /// The names of the global variables, by their places.
    let globalNames: [String]

    /// The names of the streams in the order declared.
    public var streamNames: [String] { self.streams.map(\.name) }

    /// How often, in nanoseconds, live input has to ask for silent sessions and for patterns that wait for their deadline:
    /// the smallest gap, and at least every second where there is such a pattern. Nil without either.
    public var sessionInterval: Int64? {
        let gaps = self.windows.compactMap { if case .session(let gap) = $0.kind { gap } else { nil } }
        let waits = self.streams.compactMap { stream -> Int64? in
            guard let (sequence, _) = stream.sequence, sequence.waitsForDeadline else { return nil }
            return min(sequence.within ?? .max, 1_000_000_000)
        }
        return (gaps + waits).min()
    }

    /// Whether patterns wait for their deadlines, so that the end of input has to be told.
    var waitsForDeadlines: Bool { self.streams.contains { $0.sequence?.0.waitsForDeadline ?? false } }

    /// For each stream the places of those whose results it reads.
    var streamsRead: [[Int]] {
        var writers: [String: [Int]] = [:]
        for (place, stream) in self.streams.enumerated() {
            writers[stream.name, default: []].append(place)
            if let type = stream.ownType, type != stream.name { writers[type, default: []].append(place) }
        }
        return self.streams.map { stream in
            Set(stream.branches.map(\.type)).flatMap { writers[$0] ?? [] }.sorted()
        }
    }

    /// The streams in the order declared, but each after those that it reads.
    var sourcesFirst: [Int] {
        let streamsRead = self.streamsRead
        var order: [Int] = []
        var isVisited = [Bool](repeating: false, count: self.streams.count)
        // The streams on the way, each with how many of those that it reads were visited. Streams can be read in a chain of
        // any length, so that this must not recurse.
        var path: [(place: Int, next: Int)] = []
        func enter(_ place: Int) {
            guard !isVisited[place] else { return }
            isVisited[place] = true
            path.append((place, 0))
        }
        for place in self.streams.indices {
            enter(place)
            while let last = path.last {
                let sources = streamsRead[last.place]
                guard last.next < sources.count else {
                    order.append(last.place)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                enter(sources[last.next])
            }
        }
        return order
    }

    /// How many events each `.tap` has seen, by its name, if the counters are at `counts`.
    func taps(_ counts: [Int64]) -> [String: Int64] {
        var taps: [String: Int64] = [:]
        for stream in self.streams {
            for case .tap(let items) in stream.operations {
                for item in items { taps[item.name, default: 0] += counts[item.counter] }
            }
        }
        return taps
    }
}

/// A stream's `Type.from(connector, …)`.
public struct SourceBinding: Hashable, Sendable {
    public let stream: String
    public let eventType: String
    public let connector: ConnectorDeclaration
    /// What the stream gives beside the connector's own parameters, such as the topic.
    public let parameters: [ConnectorParameter]

    /// The stream's parameter of that name, or else the connector's.
    public func parameter(_ name: String) -> ConnectorParameter.Value? {
        self.parameters.last { $0.name == name }?.value ?? self.connector.parameter(name)
    }
}

/// A stream's `.to(connector, …)`.
public struct SinkBinding: Hashable, Sendable {
    public let id: SinkID
    public let stream: String
    public let connector: ConnectorDeclaration
    /// What the stream gives beside the connector's own parameters, such as the topic.
    public let parameters: [ConnectorParameter]

    /// The stream's parameter of that name, or else the connector's.
    public func parameter(_ name: String) -> ConnectorParameter.Value? {
        self.parameters.last { $0.name == name }?.value ?? self.connector.parameter(name)
    }
}

/// A sink of a program, counted from 0 in the order written.
public struct SinkID: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    public static func < (left: SinkID, right: SinkID) -> Bool { left.rawValue < right.rawValue }
}

/// Why a program that checks cannot be loaded.
public struct PlanError: Error, Sendable {
    public let diagnostics: [Diagnostic]
}
