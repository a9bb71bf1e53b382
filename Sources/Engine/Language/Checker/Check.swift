/// Reads and checks a program.
///
/// All errors are reported, in the order of the text, not only the first. `connectors` are known to the program as if it
/// had declared them; one that it declares itself under the same name takes precedence.
public func check(_ source: String, connectors: [ConnectorDeclaration] = []) -> CheckResult {
    check(SourceFile(path: "", text: source), connectors: connectors)
}

/// Reads and checks a program with the files that it imports.
///
/// - Parameter reading: Gives the text of the file at a path. Nil where programs cannot import.
public func check(
    _ file: SourceFile,
    reading: ImportReading? = nil,
    connectors: [ConnectorDeclaration] = []
) -> CheckResult {
    var reader = ProgramReader(reading)
    reader.read(file)
    let program = Program(statements: reader.statements)
    var checker = Checker(program: program, connectors: connectors)
    checker.run(syntaxErrors: reader.diagnostics)
    let diagnostics = (reader.diagnostics + checker.diagnostics).enumerated()
        .sorted { ($0.element.location, $0.offset) < ($1.element.location, $1.offset) }
        .map(\.element)
    let isValid = !diagnostics.contains { $0.isError }
    return CheckResult(
        program: isValid ? CheckedProgram(program: program, connectors: checker.declarations.connectors) : nil,
        diagnostics: diagnostics,
        files: reader.files
    )
}

/// What checking a program gave.
public struct CheckResult: Sendable {
    /// The program, nil when it has any error.
    public let program: CheckedProgram?
    /// Errors and warnings in the order of the text, those of the file itself before those of what it imports.
    public let diagnostics: [Diagnostic]
    /// The files that were read. Locations name them by their places here.
    public let files: [SourceFile]

    public var errors: [Diagnostic] { self.diagnostics.filter(\.isError) }
}

/// A program without errors.
public struct CheckedProgram: Sendable {
    package let program: Program
    /// Its own connectors in the order written, then those given from outside that it does not declare itself.
    public let connectors: [ConnectorDeclaration]

    public var statementCount: Int { self.program.statements.count }
}
