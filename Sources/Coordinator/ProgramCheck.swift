import ClusterAPI
import ClusterState
import Engine
import VPL

/// Checks programs as a worker would, with the cluster's connectors known to them.
enum ProgramCheck {
    static func diagnostics(
        of source: String,
        connectors: [ClusterState.Connector]
    ) -> [ClusterAPI.Diagnostic] {
        // Names and types are all that a check looks at; values stay where they are.
        let declared = connectors.map { ConnectorDeclaration(name: $0.name.rawValue, type: $0.type) }
        return Plan.load(source, connectors: declared).diagnostics.map { finding in
            ClusterAPI.Diagnostic(
                severity: finding.isError ? .error : .warning,
                line: finding.line,
                column: finding.column,
                message: finding.message,
                hint: finding.hint
            )
        }
    }
}
