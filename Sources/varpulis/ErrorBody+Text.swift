import ClusterAPI

extension ErrorBody {
    /// For people: the refusal, and a line for each mistake in the program that was refused.
    var text: String {
        let findings = (self.diagnostics ?? []).map { finding in
            let hint = finding.hint.map { " (\($0))" } ?? ""
            return "\(finding.line):\(finding.column): \(finding.severity.rawValue): \(finding.message)\(hint)\n"
        }
        return "Error: \(self.error).\n" + findings.joined()
    }
}
