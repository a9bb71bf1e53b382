import Engine
import Foundation

/// On how many threads a program runs over a file, and by which field its events are shared out.
struct Workers {
    let count: Int
    /// Nil where any of them may have any event.
    let key: String?
    /// What whoever asked for it should know.
    let warnings: [String]

    /// The field by which events go where nothing else is told.
    private static let customaryKey = "symbol"

    /// - Parameters:
    ///   - count: Nil for as many as there are processors, if that changes nothing in the output.
    ///   - key: Nil for one that changes nothing in the output.
    init(_ plan: Plan, count: Int?, key: String?) {
        guard count != 1 else {
            (self.count, self.key, self.warnings) = (1, nil, [])
            return
        }
        if let obstacle = plan.obstacleToBatches ?? (plan.hasAsides ? "it prints, logs or sends events" : nil) {
            let warning = "the program runs on one worker: \(obstacle)"
            (self.count, self.key, self.warnings) = (1, nil, count == nil && key == nil ? [] : [warning])
            return
        }
        let processors = ProcessInfo.processInfo.activeProcessorCount
        if let key {
            (self.count, self.key) = (count ?? processors, key)
            self.warnings = plan.obstacles(toPartitioningBy: key)
                .map { "the output may differ from one worker's: \($0)" }
            return
        }
        let candidates: [String?] = [nil] + plan.keyFields + [Self.customaryKey]
        if let safe = candidates.first(where: { plan.obstacles(toPartitioningBy: $0).isEmpty }) {
            (self.count, self.key, self.warnings) = (count ?? processors, safe, [])
            return
        }
        let reason = plan.obstacles(toPartitioningBy: plan.keyFields.first).first ?? ""
        let warning = "the program runs on one worker: \(reason); --partition-by shares events out all the same"
        (self.count, self.key, self.warnings) = (1, nil, count == nil ? [] : [warning])
    }
}
