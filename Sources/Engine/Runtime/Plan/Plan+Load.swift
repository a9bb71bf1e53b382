public import VPL

extension Plan {
    /// Resolves a checked program and evaluates its global variables.
    public init(_ program: CheckedProgram) throws(PlanError) {
        var compiler = PlanCompiler(program)
        self = try compiler.plan()
    }

    /// Reads, checks and loads a program: `plan` is nil when there is any error.
    public static func load(
        _ source: String,
        connectors: [ConnectorDeclaration] = []
    ) -> (plan: Plan?, diagnostics: [Diagnostic]) {
        let (plan, diagnostics, _) = Self.load(SourceFile(path: "", text: source), connectors: connectors)
        return (plan, diagnostics)
    }

    /// The same for a program that may import files.
    ///
    /// - Returns: Beside the plan and what was found all files that were read; locations name them by their places.
    public static func load(
        _ file: SourceFile,
        reading: ImportReading? = nil,
        connectors: [ConnectorDeclaration] = []
    ) -> (plan: Plan?, diagnostics: [Diagnostic], files: [SourceFile]) {
        let result = check(file, reading: reading, connectors: connectors)
        guard let program = result.program else { return (nil, result.diagnostics, result.files) }
        do {
            return (try Plan(program), result.diagnostics, result.files)
        } catch {
            return (nil, result.diagnostics + error.diagnostics, result.files)
        }
    }
}
