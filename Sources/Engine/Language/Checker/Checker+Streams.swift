/// Streams: their sources, and the state that the order of operations depends on.
struct StreamContext {
    var hasSequence = false
    /// Its source is a named pattern.
    var hasPattern = false
    var hasWindow = false
    var hasAggregate = false
    var hasNegation = false
    var scope = ExpressionScope()

    /// From here on events have no steps any more.
    mutating func leaveSequence() {
        self.scope.qualifiers = nil
        self.scope.kleeneAliases = []
    }
}

extension Checker {
    mutating func check(_ stream: StreamDeclaration) {
        var context = StreamContext()
        self.check(stream.source, in: &context)
        let hasSteps = stream.stages.contains { if case .follow = $0 { true } else { false } }
        if case .type(let name, let alias, let isKleene) = stream.source,
            let pattern = self.declarations.patterns[name.text]
        {
            if hasSteps || alias != nil || isKleene { self.refusePattern(name) }
            self.use(pattern, in: &context)
        } else if hasSteps, case .type(let type, let alias, let isKleene) = stream.source {
            context.scope.qualifiers = [type.text]
            self.bind(alias, type: type, isKleene: isKleene, in: &context)
        }
        context.hasSequence = context.hasSequence || hasSteps
        let kleeneAliases = context.scope.kleeneAliases
        // Before the first arrow the alias is the event alone.
        if !context.hasPattern { context.scope.kleeneAliases = [] }
        for stage in stream.stages {
            switch stage {
            case .follow(let step):
                context.scope.kleeneAliases.formUnion(kleeneAliases)
                self.check(step, in: &context)
            case .operation(let operation): self.check(operation, in: &context)
            }
        }
    }

    private mutating func check(_ source: StreamSource, in context: inout StreamContext) {
        switch source {
        case .type(let type, _, _):
            if self.declarations.patterns[type.text] == nil { self.checkSource(type) }
        case .connector(let type, let connector, let parameters):
            self.checkSource(type)
            self.checkConnector(connector, parameters)
        case .merge(_, let branches):
            for branch in branches {
                self.checkSource(branch.type)
                if let condition = branch.condition { self.checkCondition(condition, in: context.scope) }
            }
        case .join(_, let sources):
            for source in sources {
                self.checkSource(source.type)
                if let condition = source.condition { self.check(condition, in: context.scope) }
            }
        case .sequence(_, let steps):
            context.hasSequence = true
            context.scope.qualifiers = []
            for step in steps { self.check(step, in: &context) }
        case .timer(_, let interval, let arguments):
            self.checkDuration(interval, allowsInteger: false, of: "timer")
            for argument in arguments { self.check(argument.value, in: context.scope) }
        }
    }

    /// What is read as events or as results of a stream: anything but a pattern.
    mutating func checkSource(_ type: Name) {
        guard self.declarations.events[type.text] == nil, !self.declarations.streams.contains(type.text) else { return }
        guard self.declarations.patterns[type.text] == nil else { return self.refusePattern(type) }
        self.warn(
            "W030",
            .undefined,
            "`\(type.text)` is not declared; it is taken for an event type",
            hint: self.hint(for: type.text, among: self.declarations.sourceNames),
            at: type
        )
    }

    private mutating func check(_ step: SequenceStep, in context: inout StreamContext) {
        self.checkSource(step.type)
        if let condition = step.condition {
            var scope = context.scope
            // The fields of the arriving event may hold maps, so only a declared event rules a name out.
            if let fields = self.declarations.fieldNames(of: step.type.text) {
                scope.qualifiers = scope.qualifiers ?? []
                scope.stepNames = fields + [Set([step.type.text, step.alias?.text].compactMap { $0 })]
            } else {
                scope.qualifiers = nil
            }
            self.check(condition, in: scope)
        }
        if let within = step.within { self.checkDuration(within, allowsInteger: true, of: "within") }
        self.bind(step.alias, type: step.type, isKleene: step.isKleene, in: &context)
    }

    private mutating func bind(_ alias: Name?, type: Name, isKleene: Bool, in context: inout StreamContext) {
        context.scope.qualifiers?.insert(type.text)
        if let alias { context.scope.qualifiers?.insert(alias.text) }
        if isKleene { context.scope.kleeneAliases.insert((alias ?? type).text) }
    }

    // MARK: - Connectors

    mutating func checkConnector(_ name: Name, _ parameters: [ParameterSyntax]) {
        guard let connector = self.declarations.connector(name.text) else {
            return self.undefined("connector", name, "E030", among: self.declarations.connectors.lazy.map(\.name))
        }
        guard let known = Self.connectorParameters[connector.type] else { return }
        for parameter in parameters {
            guard let wanted = known[parameter.name.text] else {
                self.warn(
                    "W080",
                    .parameter,
                    "`\(parameter.name.text)` is no parameter of \(connector.type) connectors",
                    hint: self.hint(for: parameter.name.text, among: known.keys),
                    at: parameter.name
                )
                continue
            }
            let fits: Bool =
                switch (wanted, parameter.value) {
                case (.string, .string), (.int, .int): true
                case (.string, _), (.int, _): false
                }
            if !fits {
                let type = wanted == .int ? "an int" : "a string"
                self.warn(
                    "W081",
                    .type,
                    "`\(parameter.name.text)` should be \(type)",
                    at: parameter.valueLocation,
                    length: 1
                )
            }
        }
    }

    private enum ParameterType {
        case string
        case int
    }

    private static let connectorParameters: [String: [String: ParameterType]] = [
        "mqtt": ["topic": .string, "client_id": .string, "qos": .int],
        "kafka": ["topic": .string, "group_id": .string, "partition": .int],
        "http": ["topic": .string, "method": .string],
        "nats": ["topic": .string, "queue_group": .string],
        "console": ["topic": .string],
    ]

    mutating func undefined(_ what: String, _ name: Name, _ code: String, among known: some Sequence<String>) {
        self.error(
            code,
            .undefined,
            "the \(what) `\(name.text)` is not declared",
            hint: self.hint(for: name.text, among: known),
            at: name
        )
    }
}
