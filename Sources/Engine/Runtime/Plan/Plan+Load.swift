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
        let result = check(source, connectors: connectors)
        guard let program = result.program else { return (nil, result.diagnostics) }
        do {
            return (try Plan(program), result.diagnostics)
        } catch {
            return (nil, result.diagnostics + error.diagnostics)
        }
    }
}
