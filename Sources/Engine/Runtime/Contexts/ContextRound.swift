/// What all contexts take together: some events of the input, or that streams are to give what they hold.
///
/// Every context takes every round, and gives what follows from it to the contexts behind it before it takes the next. So
/// what comes from several sides is put in the order of one thread, whatever the threads do.
// Sendable: one thread fills it, then all contexts read it, and the one fills it again when the last has done so.
package final class ContextRound: @unchecked Sendable {
    package enum Kind: Sendable {
        case events
        /// Live input: sessions that were silent at that time are closed.
        case silence(at: Int64)
        case end
        /// Nothing is processed: each context tells the hook of what it holds.
        case barrier
    }

    package var kind = Kind.events
    /// What `now()` is; nil for the time of the event.
    package var now: Int64?
    let batch: Batch
    /// By context: how many of the events its streams read.
    package fileprivate(set) var eventCounts: [Int] = []

    fileprivate init(_ schema: BatchSchema) {
        self.batch = Batch(schema, heapBytesMax: BatchPipeline.heapBytesMax)
    }
}

/// Makes rounds of a program's input. Owned by one thread at a time.
package final class ContextInput {
    private let schema: BatchSchema
    /// By type: the contexts in which a stream reads it.
    private let readers: [[Int]]
    private let contextCount: Int
    private let rowsMax: Int
    private var idle: [ContextRound] = []
    /// How many events it has made rounds of.
    package private(set) var eventCount: UInt64 = 0

    /// - Parameters:
    ///   - parts: One for each context.
    ///   - rowsMax: How many events a round has at most.
    package init(_ plan: Plan, _ graph: ContextGraph, _ parts: [ContextPart], rowsMax: Int) {
        self.schema = BatchSchema(
            fields: BatchProgram.fields(of: plan),
            types: plan.routes.keys.sorted(),
            keepsEvents: parts.contains(where: \.needsWholeEvents)
        )
        self.readers = self.schema.types.names.map { type in
            graph.contexts.indices.filter { graph.contexts[$0].typesRead.contains(type) }
        }
        self.contextCount = graph.contexts.count
        self.rowsMax = max(1, min(rowsMax, Batch.rowsMax))
    }

    /// A round without events.
    package func round(_ kind: ContextRound.Kind) -> ContextRound {
        let round = self.idle.popLast() ?? ContextRound(self.schema)
        round.kind = kind
        round.now = nil
        round.eventCounts = Array(repeating: 0, count: self.contextCount)
        return round
    }

    /// Takes back a round that all contexts have taken.
    package func reuse(_ round: ContextRound) {
        round.batch.clear()
        self.idle.append(round)
    }

    /// Makes rounds of events.
    package func take(_ events: some Sequence<Event>, _ body: (ContextRound) throws -> Void) rethrows {
        var round = self.round(.events)
        for event in events {
            round.batch.append(event)
            guard round.batch.count == self.rowsMax else { continue }
            self.count(round)
            try body(round)
            round = self.round(.events)
        }
        try self.give(round, body)
    }

    /// Makes rounds of the events in the whole lines that `bytes` begin with. They are to stay there until the last round is
    /// taken back.
    ///
    /// - Returns: How many bytes the lines have. Give the rest again, with what follows.
    package func take(
        _ bytes: UnsafeBufferPointer<UInt8>,
        reader: inout EventFileReader,
        isLast: Bool,
        rejected: (RejectedLine) throws -> Void,
        _ body: (ContextRound) throws -> Void
    ) throws -> Int {
        guard let start = bytes.baseAddress else { return 0 }
        var lines = LineSource(start, 0..<bytes.count, isLast: isLast)
        while true {
            let round = self.round(.events)
            try lines.fill(round.batch, reader: &reader, rowsMax: self.rowsMax, rejected: rejected)
            let isEmpty = round.batch.count == 0
            try self.give(round, body)
            if isEmpty { return lines.position }
        }
    }

    private func give(_ round: ContextRound, _ body: (ContextRound) throws -> Void) rethrows {
        guard round.batch.count > 0 else { return self.reuse(round) }
        self.count(round)
        try body(round)
    }

    private func count(_ round: ContextRound) {
        self.eventCount += UInt64(round.batch.count)
        let typeCount = self.readers.count
        withUnsafeTemporaryAllocation(of: Int.self, capacity: typeCount + 1) { counts in
            counts.initialize(repeating: 0)
            let types = round.batch.types
            for row in 0..<round.batch.count { counts[min(Int(types[row]), typeCount)] &+= 1 }
            for (type, contexts) in self.readers.enumerated() where counts[type] > 0 {
                for context in contexts { round.eventCounts[context] += counts[type] }
            }
        }
    }
}
