/// Finds what is wrong with a program that can be read: names that nothing declares, operations in the wrong place,
/// arguments of the wrong kind. Two passes, so that declarations may stand in any order.
struct Checker {
    let program: Program
    let outsideConnectors: [ConnectorDeclaration]
    var declarations = Declarations()
    private(set) var diagnostics: [Diagnostic] = []

    init(program: Program, connectors: [ConnectorDeclaration]) {
        self.program = program
        self.outsideConnectors = connectors
    }

    mutating func run(syntaxErrors: [Diagnostic]) {
        self.collect()
        for statement in self.program.statements { self.check(topLevel: statement) }
        // What this engine cannot do yet is only of interest in a program that is otherwise right.
        if syntaxErrors.isEmpty, !self.diagnostics.contains(where: \.isError) { self.checkAvailability() }
    }

    private mutating func check(topLevel statement: Statement) {
        switch statement.kind {
        case .stream(let stream): self.check(stream)
        case .function(let function): self.check(function)
        case .variable(let variable): self.check(variable.value, in: ExpressionScope())
        case .assign(let name, let value):
            self.check(value, in: ExpressionScope())
            self.checkAssignment(to: name)
        case .event(let event):
            if let base = event.base, self.declarations.events[base.text] == nil {
                self.warn(
                    nil,
                    .undefined,
                    "the event `\(base.text)` is not declared",
                    hint: self.hint(for: base.text, among: self.declarations.events.keys),
                    at: base
                )
            }
        case .config:
            self.warn(nil, .unused, "config blocks are deprecated and have no effect", at: statement)
        case .ifElse, .forEach, .whileTrue, .returnValue, .breakLoop, .continueLoop, .emit, .expression:
            self.warn(nil, .unused, "a statement at top level other than a declaration does nothing", at: statement)
        case .pattern(let pattern): self.check(pattern)
        case .context, .connector, .typeAlias, .importFile: break
        }
    }

    mutating func checkAssignment(to name: Name) {
        if self.declarations.variables[name.text] == false {
            self.error("E040", .immutable, "`\(name.text)` is declared with `let` or `const`", at: name)
        }
    }

    // MARK: - Reporting

    /// Looking for similar names takes long in a long program, and nobody reads so many hints.
    private static let hintsMax = 25

    func hint<Names: Sequence<String>>(for name: String, among candidates: @autoclosure () -> Names) -> String? {
        self.diagnostics.count < Self.hintsMax ? Suggestion.hint(for: name, among: candidates()) : nil
    }

    mutating func error(
        _ code: String?,
        _ kind: Diagnostic.Kind,
        _ message: String,
        hint: String? = nil,
        at location: SourceLocation,
        length: Int
    ) {
        self.diagnostics.append(
            Diagnostic(code: code, kind: kind, message: message, hint: hint, location: location, length: length)
        )
    }

    mutating func error(
        _ code: String?,
        _ kind: Diagnostic.Kind,
        _ message: String,
        hint: String? = nil,
        at name: Name
    ) {
        self.error(code, kind, message, hint: hint, at: name.location, length: name.length)
    }

    mutating func error(
        _ code: String?,
        _ kind: Diagnostic.Kind,
        _ message: String,
        hint: String? = nil,
        at expression: Expression
    ) {
        self.error(code, kind, message, hint: hint, at: expression.location, length: expression.length)
    }

    mutating func warn(
        _ code: String?,
        _ kind: Diagnostic.Kind,
        _ message: String,
        hint: String? = nil,
        at location: SourceLocation,
        length: Int
    ) {
        self.diagnostics.append(
            Diagnostic(
                severity: .warning,
                code: code,
                kind: kind,
                message: message,
                hint: hint,
                location: location,
                length: length
            )
        )
    }

    mutating func warn(
        _ code: String?,
        _ kind: Diagnostic.Kind,
        _ message: String,
        hint: String? = nil,
        at name: Name
    ) {
        self.warn(code, kind, message, hint: hint, at: name.location, length: name.length)
    }

    private mutating func warn(_ code: String?, _ kind: Diagnostic.Kind, _ message: String, at statement: Statement) {
        self.warn(code, kind, message, at: statement.location, length: statement.length)
    }
}
