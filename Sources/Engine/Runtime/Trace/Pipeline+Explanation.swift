import VPL

/// Why an event leads to what it leads to.
///
/// The pipeline itself takes the notes while it processes an event, so that they are of what happens and not of what might.
extension Pipeline {
    /// What an event is going to do, and what follows from it, without doing it: a copy of the pipeline does.
    ///
    /// A copy shares what it does not change; what it does change it has to copy whole first. For many events in a row
    /// `process(_:into:explaining:)` is the better way.
    public func explain(_ event: Event) -> [EventExplanation] {
        var twin = Pipeline(copying: self)
        var outputs = Outputs()
        var explanations: [EventExplanation] = []
        twin.process(event, into: &outputs, explaining: &explanations)
        return explanations
    }

    /// Processes an event as `process` does, and tells what became of it: first of the event itself, then of what streams
    /// made of it, in the order in which that was processed.
    public mutating func process(
        _ event: Event,
        into outputs: inout Outputs,
        explaining explanations: inout [EventExplanation]
    ) {
        self.journal = TraceJournal()
        self.process(event, into: &outputs)
        explanations += self.journal?.events ?? []
        self.journal = nil
    }

    // MARK: - Notes that the pipeline takes

    /// So many events are told of where a stream makes many of one.
    private static var eventsShownMax: Int { 5 }

    /// Before a sequence takes an event.
    mutating func noteRuns(_ state: Int, offered event: Event) {
        let explanation = self.sequences[state].explanation(of: event, self.evaluator, self.plan.conditions)
        self.journal?.withLastStream { stream in
            stream.key = explanation.key
            stream.notes += explanation.notes
            stream.runsWaiting = explanation.runsWaiting
        }
    }

    /// Before trends take an event.
    mutating func noteTrends(_ state: Int, offered event: Event) {
        let (key, notes) = self.trends[state].explanation(of: event, self.evaluator, self.plan.conditions)
        self.journal?.withLastStream { stream in
            stream.key = key
            stream.notes += notes
        }
    }

    /// No branch of a merge lets the event in.
    mutating func noteRefusal(of event: Event, by stream: CompiledStream) {
        let conditions = stream.branches.filter { $0.type == event.type }.compactMap(\.condition)
        self.noteDrop(of: event, by: conditions, "is not let in")
    }

    mutating func noteRefusal(of event: Event, by join: CompiledJoin) {
        self.noteDrop(of: event, by: join.conditions, "is not joined")
    }

    private mutating func noteDrop(of event: Event, by conditions: [NodeID], _ text: String) {
        var evaluator = self.evaluator
        evaluator.event = event
        let reasons = conditions.flatMap { evaluator.reasons(against: $0, self.plan.conditions) }
        self.journal?.add(TraceNote(kind: .dropped, text: text, reasons: reasons))
    }

    /// A join has no event of each source to go with the one that came.
    mutating func noteLoneliness(of event: Event, from source: Int, in join: CompiledJoin, _ state: Int) {
        let own = join.sources[source]
        let absent = own.key.filter { event.fields[$0] == nil }
        var text = "joins nothing: "
        if absent.isEmpty {
            let others = join.sources.indices.filter { other in
                other != source && !self.joins[state].hasPartner(of: event, from: source, in: other)
            }
            let names = others.map { join.sources[$0].type }.joined(separator: " and none of ")
            let values = own.key.map { "\($0) \(event.fields[$0].shown)" }
            let key = values.isEmpty ? "" : " with \(values.joined(separator: ", "))"
            text += "none of \(names)\(key) came in the \(join.horizon.shownAsSpan) before"
        } else {
            text += "it has no \(absent.joined(separator: " and no "))"
        }
        self.journal?.add(TraceNote(kind: .unjoined, text: text))
    }

    /// What an operation did with a batch.
    mutating func note(
        _ operation: CompiledOperation,
        of stream: CompiledStream,
        taking arrived: [Event],
        giving left: [Event]
    ) {
        let drop = Self.drop(from: arrived, leaving: left, of: stream)
        switch operation {
        case .filter(let condition):
            guard left.count < arrived.count else { return }
            var evaluator = self.evaluator
            let dropped = arrived.first { event in
                evaluator.event = event
                return !evaluator.holds(condition)
            }
            self.noteDrop(of: dropped ?? arrived[0], by: [condition], drop)
        case .distinct where left.count < arrived.count:
            self.journal?.add(TraceNote(kind: .dropped, text: "\(drop): seen before"))
        case .limit(let limit, _) where left.count < arrived.count:
            let text = "\(drop): \(limit) passed already, as many as may"
            self.journal?.add(TraceNote(kind: .dropped, text: text))
        case .pattern where left.isEmpty:
            let noun = arrived.count == 1 ? "the event is" : "the \(arrived.count) events are"
            self.journal?.add(
                TraceNote(kind: .dropped, text: "\(noun) dropped: a lambda of `.pattern` is false for them")
            )
        case .process(_, let isOutput):
            let text = "makes \(left.count) event\(left.count == 1 ? "" : "s") of it"
            self.journal?.add(TraceNote(kind: .processed, text: text))
            if isOutput { self.noteEmission(of: left) }
        case .emit: self.noteEmission(of: left)
        case .deliver(let sink):
            let name = self.plan.sinks[sink.rawValue].connector.name
            self.journal?.add(TraceNote(kind: .sent, text: "goes to \(name)"))
        case .window, .aggregate, .select, .distinct, .limit, .pattern, .print, .log, .tap: return
        }
    }

    private static func drop(from arrived: [Event], leaving left: [Event], of stream: CompiledStream) -> String {
        let noun = stream.sequence == nil ? "" : "the match "
        return arrived.count == 1
            ? "\(noun)is dropped" : "\(arrived.count - left.count) of \(arrived.count) are dropped"
    }

    private mutating func noteEmission(of events: [Event]) {
        for event in events.prefix(Self.eventsShownMax) {
            self.journal?.add(TraceNote(kind: .emitted, text: "emits \(event.type) \(event.fields.shown)"))
        }
        let untold = events.count - Self.eventsShownMax
        if untold > 0 { self.journal?.add(TraceNote(kind: .emitted, text: "emits \(untold) more")) }
    }

    /// At the end of a stream's operations.
    mutating func noteResults(_ events: [Event], of stream: CompiledStream, isTyped: Bool, depth: Int) {
        let types = Set([stream.name] + (isTyped ? events.map(\.type) : []))
        let isRead = types.contains { self.plan.routes[$0] != nil }
        if isRead, depth >= Self.depthMax {
            let text = "the result goes no further: it is the result of \(depth) streams, as many as there may be"
            self.journal?.add(TraceNote(kind: .unread, text: text))
        }
        guard !stream.operations.contains(where: \.isSeen) else { return }
        for event in events.prefix(Self.eventsShownMax) {
            let reader = isRead ? "" : ", which nothing reads: the stream has no .emit"
            self.journal?.add(
                TraceNote(kind: isRead ? .resulted : .unread, text: "gives \(event.fields.shown)\(reader)")
            )
        }
    }
}

extension CompiledOperation {
    /// Whether somebody sees what passes it, outside of the program.
    fileprivate var isSeen: Bool {
        switch self {
        case .emit, .deliver, .print, .log, .tap: true
        case .process(_, let isOutput): isOutput
        case .filter, .window, .aggregate, .select, .distinct, .limit, .pattern: false
        }
    }
}

extension CompiledWindow.Kind {
    /// For people.
    var shown: String {
        switch self {
        case .tumbling(let size): size.shownAsSpan
        case .sliding(let size, let step): "\(size.shownAsSpan) every \(step.shownAsSpan)"
        case .count(let size): "\(size) events"
        case .slidingCount(let size, let step): "\(size) events every \(step)"
        case .session(let gap): "until \(gap.shownAsSpan) of silence"
        }
    }
}
