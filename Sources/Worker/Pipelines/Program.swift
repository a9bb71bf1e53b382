import ClusterAPI
import Engine
import VPL

/// A pipeline's program, checked and ready to run.
struct Program: Sendable {
    let plan: Plan
    let wiring: Wiring

    init(_ spec: PipelineSpec, clientIDPrefix: String) throws(PipelineRefusal) {
        let connectors = spec.connectors.map { connector in
            ConnectorDeclaration(
                name: connector.name,
                type: connector.connectorType,
                parameters: connector.params.sorted { $0.key < $1.key }.map {
                    ConnectorParameter(name: $0.key, value: .string($0.value))
                }
            )
        }
        let (plan, diagnostics) = Plan.load(spec.source, connectors: connectors)
        guard let plan else { throw .program(diagnostics) }
        self.plan = plan
        self.wiring = try Wiring(plan, spec: spec, prefix: clientIDPrefix)
    }

    init(_ plan: Plan, _ wiring: Wiring) {
        self.plan = plan
        self.wiring = wiring
    }
}
