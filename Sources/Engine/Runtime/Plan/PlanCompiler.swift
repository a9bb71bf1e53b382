import VPL

/// Makes a plan of a checked program.
struct PlanCompiler {
    let program: CheckedProgram
    private let connectors: [String: ConnectorDeclaration]
    let patterns: [String: PatternDeclaration]
    var expressions: ExpressionCompiler
    private var sources: [SourceBinding] = []
    private var sinks: [SinkBinding] = []
    private var counterCount = 0
    private var memoryCount = 0
    private(set) var windows: [CompiledWindow] = []
    private var sumCount = 0
    private var joinCount = 0
    private var streamCount = 0
    private var sequences: [SequenceDraft] = []
    private var diagnostics: [Diagnostic] = []
    /// How many steps may still be made, see `Evaluator`, by all that is evaluated while the program is loaded.
    private var steps = 2_000_000
    /// How many bytes the values of all global variables may have together.
    private static let globalBytesMax = 64 * 1024 * 1024

    init(_ program: CheckedProgram) {
        self.program = program
        self.connectors = Dictionary(program.connectors.map { ($0.name, $0) }) { first, _ in first }
        var functions: [String: FunctionID] = [:]
        var globals: [String: Int] = [:]
        var patterns: [String: PatternDeclaration] = [:]
        for statement in program.program.statements {
            switch statement.kind {
            case .function(let function): functions[function.name.text] = FunctionID(rawValue: Int32(functions.count))
            case .variable(let variable): globals[variable.name.text] = globals.count
            case .pattern(let pattern): patterns[pattern.name.text] = pattern
            case .assign(let name, _): if globals[name.text] == nil { globals[name.text] = globals.count }
            default: break
            }
        }
        self.patterns = patterns
        self.expressions = ExpressionCompiler(functions: functions, globals: globals)
    }

    mutating func plan() throws(PlanError) -> Plan {
        let statements = self.program.program.statements
        var functions: [CompiledFunction] = []
        for case .function(let function) in statements.map(\.kind) {
            functions.append(self.expressions.compile(function))
        }
        let globals = try self.globals(functions)
        var streams: [CompiledStream] = []
        var routes: [String: [Int]] = [:]
        for case .stream(let declaration) in statements.map(\.kind) {
            let stream = self.compile(declaration, constants: Constants(functions: functions, globals: globals))
            for type in Set(stream.branches.map(\.type)) { routes[type, default: []].append(streams.count) }
            streams.append(stream)
        }
        try self.throwDiagnostics()
        self.completeSequences(self.sequences, of: &streams)
        return Plan(
            connectors: self.program.connectors,
            sources: self.sources,
            sinks: self.sinks,
            statementCount: self.program.statementCount,
            streams: streams,
            routes: routes,
            code: self.expressions.code,
            functions: functions,
            globals: globals,
            counterCount: self.counterCount,
            memoryCount: self.memoryCount,
            windows: self.windows,
            slidingAggregates: self.slidingAggregates(streams, functions),
            sumCount: self.sumCount
        )
    }

    private func throwDiagnostics() throws(PlanError) {
        if !self.diagnostics.isEmpty { throw PlanError(diagnostics: self.diagnostics) }
    }

    // MARK: - Globals

    /// What constant expressions of streams are evaluated with.
    struct Constants {
        let functions: [CompiledFunction]
        let globals: [Value?]
    }

    /// Evaluates initial values and assignments in the order written.
    private mutating func globals(_ functions: [CompiledFunction]) throws(PlanError) -> [Value?] {
        var assignments: [(position: Int, name: Name, expression: Expression, node: NodeID)] = []
        for statement in self.program.program.statements {
            let (name, expression): (Name, Expression)
            switch statement.kind {
            case .variable(let variable): (name, expression) = (variable.name, variable.value)
            case .assign(let target, let value): (name, expression) = (target, value)
            default: continue
            }
            guard let position = self.expressions.globals[name.text] else { continue }
            let node = self.expressions.compile(expression, in: ExpressionCompiler.Scope())
            assignments.append((position, name, expression, node))
        }
        var evaluator = Evaluator(
            code: self.expressions.code,
            functions: functions,
            globals: Array(repeating: nil, count: self.expressions.globals.count)
        )
        var bytesLeft = Self.globalBytesMax
        for (position, name, expression, node) in assignments {
            let value = evaluator.evaluate(node, in: &self.steps)
            guard value?.fits(in: &bytesLeft, depth: 0) ?? true else {
                self.report(.value, "global variables take more than \(Self.globalBytesMax) bytes", at: expression)
                break
            }
            evaluator.globals[position] = value
            if value == nil {
                self.report(.value, "`\(name.text)` has no value: its expression cannot be evaluated", at: expression)
            }
        }
        try self.throwDiagnostics()
        return evaluator.globals
    }

    mutating func report(
        _ kind: Diagnostic.Kind,
        _ message: String,
        code: String? = nil,
        at expression: Expression
    ) {
        self.diagnostics.append(
            Diagnostic(
                code: code,
                kind: kind,
                message: message,
                location: expression.location,
                length: expression.length
            )
        )
    }

    // MARK: - Streams

    private mutating func compile(_ stream: StreamDeclaration, constants: Constants) -> CompiledStream {
        var scope = ExpressionCompiler.Scope()
        let branches = self.branches(of: stream, in: &scope)
        let emits = stream.stages.contains {
            if case .operation(let operation) = $0, case .emit = operation.kind { true } else { false }
        }
        var join: (CompiledJoin, state: Int)?
        if case .join(_, let sources) = stream.source {
            join = (self.join(sources, stream.stages, in: &scope, constants), state: self.joinCount)
            self.joinCount += 1
        }
        var draft = self.sequence(of: stream, place: self.streamCount, constants)
        if draft != nil { scope = ExpressionCompiler.Scope(place: .match) }
        self.streamCount += 1
        var stages = StageContext(
            stream: stream.name,
            emits: emits,
            isJoin: join != nil,
            isSequence: draft != nil,
            scope: scope
        )
        var operations: [CompiledOperation] = []
        for (place, stage) in stream.stages.enumerated() {
            guard case .operation(let operation) = stage else { continue }
            // What stands before the first step is a condition of it.
            if let draft, place < draft.operationsStart, case .filter = operation.kind { continue }
            if let compiled = self.compile(operation, in: &stages, constants) { operations.append(compiled) }
        }
        draft?.names = self.expressions.sequence ?? SequenceNames([])
        self.expressions.sequence = nil
        if let draft { self.sequences.append(draft) }
        return CompiledStream(
            name: stream.name.text,
            branches: draft.map { $0.types.map { CompiledStream.Branch(type: $0, condition: nil) } } ?? branches,
            join: join,
            operations: operations
        )
    }

    /// What operations depend on besides themselves.
    private struct StageContext {
        let stream: Name
        /// Whether the stream has an `.emit`.
        let emits: Bool
        let isJoin: Bool
        let isSequence: Bool
        var scope: ExpressionCompiler.Scope
        /// The field of the last `.partition_by`.
        var key: String?
        var hasWindow = false
    }

    private mutating func branches(
        of stream: StreamDeclaration,
        in scope: inout ExpressionCompiler.Scope
    ) -> [CompiledStream.Branch] {
        switch stream.source {
        case .type(let type, let alias, _):
            if let alias { scope.eventAliases.insert(alias.text) }
            return [CompiledStream.Branch(type: type.text, condition: nil)]
        case .connector(let type, let name, let parameters):
            if let connector = self.connector(name) {
                self.sources.append(
                    SourceBinding(
                        stream: stream.name.text,
                        eventType: type.text,
                        connector: connector,
                        parameters: Self.parameters(parameters)
                    )
                )
            }
            return [CompiledStream.Branch(type: type.text, condition: nil)]
        case .merge(_, let branches):
            return branches.map { branch in
                let condition = branch.condition.map { self.expressions.compile($0, in: ExpressionCompiler.Scope()) }
                return CompiledStream.Branch(type: branch.type.text, condition: condition)
            }
        case .join(_, let sources):
            var types: Set<String> = []
            return sources.map(\.type.text).filter { types.insert($0).inserted }
                .map { CompiledStream.Branch(type: $0, condition: nil) }
        case .sequence: return []
        case .timer(let word, _, _):
            self.reportUnavailable(word)
            return []
        }
    }

    private func connector(_ name: Name) -> ConnectorDeclaration? { self.connectors[name.text] }

    private static func parameters(_ parameters: [ParameterSyntax]) -> [ConnectorParameter] {
        parameters.map { ConnectorParameter(name: $0.name.text, value: $0.value) }
    }

    /// The checker refuses what cannot be compiled; should the two ever disagree, the program is refused here.
    mutating func reportUnavailable(_ name: Name) {
        self.diagnostics.append(
            Diagnostic(
                code: "E090",
                kind: .unsupported,
                message: "`\(name.text)` is not implemented yet",
                location: name.location,
                length: name.length
            )
        )
    }

    // MARK: - Operations

    /// Nil for an operation that does nothing at run time.
    private mutating func compile(
        _ operation: StreamOperation,
        in stages: inout StageContext,
        _ constants: Constants
    ) -> CompiledOperation? {
        let scope = stages.scope
        switch operation.kind {
        case .filter(let condition), .having(let condition):
            return .filter(self.expressions.compile(condition, in: scope))
        case .select(let fields):
            stages.scope.place = nil
            return .select(self.compile(fields, in: scope))
        case .emit(let type, let fields, _):
            let projections = fields.isEmpty ? nil : self.compile(fields, in: scope)
            // From here on only what was emitted exists.
            if projections != nil { stages.scope.place = nil }
            return .emit(type: (type ?? stages.stream).text, isTyped: type != nil, fields: projections)
        case .process(let expression):
            stages.scope.place = nil
            return .process(self.expressions.compile(expression, in: scope), isOutput: !stages.emits)
        case .distinct(let key):
            self.memoryCount += 1
            return .distinct(key.map { self.expressions.compile($0, in: scope) }, memory: self.memoryCount - 1)
        case .limit(let count): return .limit(self.constant(count, constants), counter: self.counter())
        case .first: return .limit(1, counter: self.counter())
        case .to(let name, let parameters): return self.sink(name, parameters, of: stages.stream).map { .deliver($0) }
        case .print(let values): return .print(values.map { self.expressions.compile($0, in: scope) })
        case .log(let arguments): return .log(self.compileLog(arguments, in: scope))
        case .tap(let items):
            return .tap(items.map { CompiledOperation.Tap(name: $0.name.text, counter: self.counter()) })
        case .partition(let field):
            if case .name(let name) = field.kind { stages.key = name }
            return nil
        case .window(let arguments):
            // A join's window is its horizon.
            if stages.isJoin { return nil }
            stages.hasWindow = true
            guard let kind = self.window(arguments, constants) else { return nil }
            self.windows.append(CompiledWindow(kind: kind, key: stages.key))
            return .window(state: self.windows.count - 1)
        case .aggregate(let items):
            let aggregate = self.aggregate(items, key: stages.key, in: scope)
            stages.scope.place = nil
            if stages.hasWindow { return .aggregate(aggregate, state: nil) }
            self.sumCount += 1
            return .aggregate(aggregate, state: self.sumCount - 1)
        case .on where stages.isJoin, .within where stages.isSequence, .not where stages.isSequence: return nil
        case .context:
            // One thread runs all contexts, with the same results.
            return nil
        case .within, .not, .on, .watermark, .allowedLateness, .trendAggregate, .forecast, .enrich, .pattern, .score,
            .unsupported:
            self.reportUnavailable(operation.name)
            return nil
        }
    }

    private mutating func counter() -> Int {
        self.counterCount += 1
        return self.counterCount - 1
    }

    private mutating func compile(
        _ fields: [NamedExpression],
        in scope: ExpressionCompiler.Scope
    ) -> [Projection] {
        fields.map { Projection(name: $0.name.text, value: self.expressions.compile($0.value, in: scope)) }
    }

    private mutating func compileLog(
        _ arguments: [NamedExpression],
        in scope: ExpressionCompiler.Scope
    ) -> CompiledLog {
        var nodes: [String: NodeID] = [:]
        for argument in arguments { nodes[argument.name.text] = self.expressions.compile(argument.value, in: scope) }
        return CompiledLog(level: nodes["level"], message: nodes["message"], data: nodes["data"])
    }

    private mutating func sink(_ name: Name, _ parameters: [ParameterSyntax], of stream: Name) -> SinkID? {
        guard let connector = self.connector(name) else { return nil }
        let id = SinkID(rawValue: self.sinks.count)
        self.sinks.append(
            SinkBinding(
                id: id,
                stream: stream.text,
                connector: connector,
                parameters: Self.parameters(parameters)
            )
        )
        return id
    }

    /// The int that an expression of constants and globals stands for.
    private mutating func constant(_ expression: Expression, _ constants: Constants) -> Int64 {
        if case .int(let value) = self.value(of: expression, constants) { return value }
        let message = "`.limit` takes an int that is known when the program is loaded"
        self.report(.type, message, code: "E062", at: expression)
        return 0
    }

    /// The value of an expression of constants and globals.
    mutating func value(of expression: Expression, _ constants: Constants) -> Value? {
        let node = self.expressions.compile(expression, in: ExpressionCompiler.Scope())
        var evaluator = Evaluator(
            code: self.expressions.code,
            functions: constants.functions,
            globals: constants.globals
        )
        return evaluator.evaluate(node, in: &self.steps)
    }
}
