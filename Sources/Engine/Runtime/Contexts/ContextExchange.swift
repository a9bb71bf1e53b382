/// What the pipeline of one context keeps to work with those of others.
struct ContextExchange: Sendable {
    /// To which edges events of a type go.
    private let edges: [String: [Int]]
    /// What goes along each edge.
    private(set) var departures: [[ContextArrival]]
    /// What streams of this context are still to read.
    private var queue: [ContextArrival] = []
    private var position = 0

    /// Of the event being processed.
    private var origin = 0
    private var way = Way()
    private var resultCount = 0
    /// The place of the stream being run.
    var stream = 0

    /// - Parameter edges: The types that go along each edge.
    init(edges: [[String]]) {
        var places: [String: [Int]] = [:]
        for (place, types) in edges.enumerated() {
            for type in types { places[type, default: []].append(place) }
        }
        self.edges = places
        self.departures = Array(repeating: [], count: edges.count)
    }

    /// Whether a stream of another context reads events of the type.
    func isRead(_ type: String) -> Bool { self.edges[type] != nil }

    /// What follows belongs to that event.
    mutating func begin(_ origin: Int, _ way: Way) {
        self.origin = origin
        self.way = way
        self.resultCount = 0
    }

    /// A result of the stream being run, under the name by which it is read.
    mutating func take(_ event: Event, isReadHere: Bool) {
        let way = self.way.appending(stream: self.stream, result: self.resultCount)
        self.resultCount += 1
        let arrival = ContextArrival(event: event, origin: self.origin, way: way)
        for edge in self.edges[event.type] ?? [] { self.departures[edge].append(arrival) }
        if isReadHere { self.queue.append(arrival) }
    }

    /// What one thread would process next: the first in the queue or, if that stands before it, the first arrival.
    mutating func next(_ arrivals: inout ArraySlice<ContextArrival>) -> ContextArrival? {
        guard self.position < self.queue.count else {
            self.queue.removeAll(keepingCapacity: true)
            self.position = 0
            return arrivals.popFirst()
        }
        if let first = arrivals.first, first.way < self.queue[self.position].way { return arrivals.popFirst() }
        self.position += 1
        return self.queue[self.position - 1]
    }

    /// Gives what goes along each edge, and forgets it.
    mutating func takeDepartures() -> [[ContextArrival]] {
        let departures = self.departures
        self.departures = Array(repeating: [], count: departures.count)
        return departures
    }
}

extension Pipeline {
    /// Processes what comes to this context for one event of the input, and everything that follows from it here.
    ///
    /// - Parameters:
    ///   - event: That of the input; nil where no stream of this context reads it.
    ///   - arrivals: All of one origin, in order.
    mutating func process(
        _ event: Event?,
        origin: Int,
        _ arrivals: ArraySlice<ContextArrival>,
        into outputs: inout Outputs
    ) {
        let emittedBefore = outputs.emitted.count
        if let event { self.process(ContextArrival(event: event, origin: origin, way: Way()), into: &outputs) }
        self.drain(arrivals, into: &outputs)
        self.counted.emitted += UInt64(outputs.emitted.count - emittedBefore)
    }

    /// Gives what one stream holds, and processes what follows from it, and from what those of other contexts hold.
    ///
    /// - Parameters:
    ///   - place: Of a stream; nil where it runs elsewhere.
    ///   - arrivals: All that follow from what that stream held.
    mutating func fire(
        _ place: Int?,
        origin: Int,
        _ arrivals: ArraySlice<ContextArrival>,
        _ occasion: Occasion,
        into outputs: inout Outputs
    ) {
        let emittedBefore = outputs.emitted.count
        if let place {
            self.exchange?.begin(origin, Way())
            self.exchange?.stream = place
            self.fire(self.plan.streams[place], occasion, into: &outputs)
        }
        self.drain(arrivals, into: &outputs)
        self.counted.emitted += UInt64(outputs.emitted.count - emittedBefore)
    }

    private mutating func drain(_ arrivals: ArraySlice<ContextArrival>, into outputs: inout Outputs) {
        var arrivals = arrivals
        while let next = self.exchange?.next(&arrivals) {
            self.process(next, into: &outputs)
        }
        self.takePrinted(into: &outputs)
    }

    private mutating func process(_ arrival: ContextArrival, into outputs: inout Outputs) {
        self.exchange?.begin(arrival.origin, arrival.way)
        let queued = Queued(event: arrival.event, depth: arrival.way.depth)
        for stream in self.plan.routes[arrival.event.type] ?? [] {
            self.exchange?.stream = stream
            self.deliver(queued, to: self.plan.streams[stream], into: &outputs)
        }
    }
}
