import Engine
import VPL

/// A pipeline's program, checked and ready to run.
struct Program: Sendable {
    let plan: Plan
    let wiring: Wiring

    init(_ spec: PipelineSpec, clientIDPrefix: String, workDirectory: WorkDirectory) throws(PipelineRefusal) {
        let (plan, diagnostics) = Plan.load(spec.source, connectors: spec.connectorDeclarations)
        guard let plan else { throw .program(diagnostics) }
        self.plan = plan
        self.wiring = try Wiring(plan, spec: spec, prefix: clientIDPrefix, workDirectory: workDirectory)
    }

    init(_ plan: Plan, _ wiring: Wiring) {
        self.plan = plan
        self.wiring = wiring
    }
}
