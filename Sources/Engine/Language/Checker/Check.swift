/// Reads and checks a program.
///
/// All errors are reported, in the order of the text, not only the first. `connectors` are known to the program as if it
/// had declared them; one that it declares itself under the same name takes precedence.
public func check(_ source: String, connectors: [ConnectorDeclaration] = []) -> CheckResult {
    let (program, syntaxErrors) = Parser.parse(source)
    var checker = Checker(program: program, connectors: connectors)
    checker.run(syntaxErrors: syntaxErrors)
    let diagnostics = (syntaxErrors + checker.diagnostics).enumerated()
        .sorted { ($0.element.location, $0.offset) < ($1.element.location, $1.offset) }
        .map(\.element)
    let isValid = !diagnostics.contains { $0.isError }
    return CheckResult(
        program: isValid ? CheckedProgram(program: program, connectors: checker.declarations.connectors) : nil,
        diagnostics: diagnostics
    )
}

/// What checking a program gave.
public struct CheckResult: Sendable {
    /// The program, nil when it has any error.
    public let program: CheckedProgram?
    /// Errors and warnings in the order of the text.
    public let diagnostics: [Diagnostic]

    public var errors: [Diagnostic] { self.diagnostics.filter(\.isError) }
}

/// A program without errors.
public struct CheckedProgram: Sendable {
    package let program: Program
    /// Its own connectors in the order written, then those given from outside that it does not declare itself.
    public let connectors: [ConnectorDeclaration]

    public var statementCount: Int { self.program.statements.count }
}
