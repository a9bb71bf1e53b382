/// What the language has and this engine does not carry out yet: an error at the word that asks for it, so that no
/// program runs as less than it says.
extension Checker {
    mutating func checkAvailability() {
        for statement in self.program.statements {
            switch statement.kind {
            case .stream(let stream): self.checkAvailability(of: stream)
            case .pattern(let pattern): self.checkAvailability(of: pattern)
            case .variable(let variable): self.checkAvailability(of: variable.value)
            case .assign(_, let value): self.checkAvailability(of: value)
            case .function(let function): self.checkAvailability(of: function.body)
            case .context, .connector, .event, .typeAlias, .config, .importFile: break
            case .ifElse, .forEach, .whileTrue, .returnValue, .breakLoop, .continueLoop, .emit, .expression: break
            }
        }
    }

    private mutating func checkAvailability(of pattern: PatternDeclaration) {
        for item in pattern.expression.items {
            if let condition = item.condition { self.checkAvailability(of: condition) }
        }
    }

    private mutating func unavailable(_ what: String, at location: SourceLocation, length: Int) {
        self.error("E090", .unsupported, "\(what) not implemented yet", at: location, length: length)
    }

    private mutating func checkAvailability(of stream: StreamDeclaration) {
        let hasSteps = stream.stages.contains { if case .follow = $0 { true } else { false } }
        var isSequence = hasSteps
        switch stream.source {
        case .type(let name, _, _): isSequence = isSequence || self.declarations.patterns[name.text] != nil
        case .connector: break
        case .merge(let word, _) where hasSteps, .join(let word, _) where hasSteps:
            self.unavailable("a sequence that begins with `\(word.text)` is", at: word.location, length: word.length)
        case .merge(_, let branches):
            for branch in branches {
                if let condition = branch.condition { self.checkAvailability(of: condition) }
            }
        case .join(_, let sources):
            for source in sources {
                if let condition = source.condition { self.checkAvailability(of: condition) }
            }
        case .sequence(_, let steps):
            isSequence = true
            for step in steps { self.checkAvailability(of: step) }
        case .timer(let word, _, _):
            self.unavailable("`\(word.text)` is", at: word.location, length: word.length)
        }
        let isJoin = if case .join = stream.source { true } else { false }
        var isBeforeSteps = hasSteps
        if case .sequence = stream.source { isBeforeSteps = false }
        for stage in stream.stages {
            switch stage {
            case .follow(let step):
                isBeforeSteps = false
                self.checkAvailability(of: step)
            case .operation(let operation):
                if isBeforeSteps { self.checkPosition(of: operation) }
                self.checkAvailability(of: operation, isJoin: isJoin, isSequence: isSequence)
            }
        }
    }

    private mutating func checkAvailability(of step: SequenceStep) {
        if let condition = step.condition { self.checkAvailability(of: condition) }
        if let within = step.within {
            self.unavailable("`.within` of a single step is", at: within.location, length: within.length)
        }
    }

    /// Before the first arrow of a sequence stand only conditions, and what belongs to the sequence wherever it stands.
    private mutating func checkPosition(of operation: StreamOperation) {
        switch operation.kind {
        case .filter, .partition, .within, .not, .context: break
        // Refused anyway.
        case .on, .watermark, .allowedLateness, .trendAggregate, .forecast, .enrich, .pattern, .score, .unsupported:
            break
        default:
            let name = operation.name
            self.unavailable("`.\(name.text)` before `->` is", at: name.location, length: name.length)
        }
    }

    private mutating func checkAvailability(of operation: StreamOperation, isJoin: Bool, isSequence: Bool) {
        switch operation.kind {
        case .within(let span) where isSequence: self.checkAvailability(of: span)
        case .not(_, let condition) where isSequence:
            if let condition { self.checkAvailability(of: condition) }
        case .filter(let expression), .having(let expression), .process(let expression),
            .distinct(.some(let expression)),
            .limit(let expression):
            self.checkAvailability(of: expression)
        case .on(let expression) where isJoin: self.checkAvailability(of: expression)
        case .window(let arguments):
            for argument in arguments { self.checkAvailability(of: argument.value) }
        case .select(let fields), .emit(_, let fields, _), .log(let fields), .tap(let fields), .aggregate(let fields):
            for field in fields { self.checkAvailability(of: field.value) }
        case .print(let values):
            for value in values { self.checkAvailability(of: value) }
        case .distinct(.none), .first, .to, .context, .partition: break
        case .within, .not, .on, .watermark, .allowedLateness, .trendAggregate,
            .forecast, .enrich, .pattern, .score, .unsupported:
            let name = operation.name
            self.unavailable("`.\(name.text)` is", at: name.location, length: name.length)
        }
    }

    private mutating func checkAvailability(of statements: [Statement]) {
        for statement in statements {
            switch statement.kind {
            case .variable(let variable): self.checkAvailability(of: variable.value)
            case .assign(_, let value), .expression(let value), .returnValue(.some(let value)):
                self.checkAvailability(of: value)
            case .ifElse(let branches, let otherwise):
                for branch in branches {
                    self.checkAvailability(of: branch.condition)
                    self.checkAvailability(of: branch.body)
                }
                self.checkAvailability(of: otherwise)
            case .forEach(_, let value, let body), .whileTrue(let value, let body):
                self.checkAvailability(of: value)
                self.checkAvailability(of: body)
            case .emit(_, let fields):
                for field in fields { self.checkAvailability(of: field.value) }
            default: break
            }
        }
    }

    private mutating func checkAvailability(of expression: Expression) {
        switch expression.kind {
        case .lambda: self.unavailable("lambdas are", at: expression.location, length: expression.length)
        case .null, .bool, .int, .float, .duration, .timestamp, .string, .name: break
        case .array(let items):
            for item in items { self.checkAvailability(of: item) }
        case .map(let entries):
            for entry in entries { self.checkAvailability(of: entry.value) }
        case .member(let base, _, _), .unary(_, let base): self.checkAvailability(of: base)
        case .index(let left, let right), .binary(_, let left, let right), .range(let left, let right, _):
            self.checkAvailability(of: left)
            self.checkAvailability(of: right)
        case .slice(let base, let from, let to):
            self.checkAvailability(of: base)
            if let from { self.checkAvailability(of: from) }
            if let to { self.checkAvailability(of: to) }
        case .call(let callee, let arguments):
            self.checkAvailability(of: callee)
            for argument in arguments { self.checkAvailability(of: argument.value) }
        case .conditional(let condition, let consequence, let alternative):
            self.checkAvailability(of: condition)
            self.checkAvailability(of: consequence)
            self.checkAvailability(of: alternative)
        }
    }
}
