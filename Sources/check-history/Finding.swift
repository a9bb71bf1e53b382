import Foundation
import Linearizability

/// The verdict on a history file: what to print, and the exit code.
struct Finding {
    struct Limits {
        var attempts = 1_000_000
        var isOver: () -> Bool = { false }
    }

    var text: String
    var code: Int32

    init<Model: RecordedModel>(_ bytes: Data, _ model: Model, _ limits: Limits) throws(HistoryError) {
        let history = try HistoryFile.history(bytes, for: model)
        let checker = LinearizabilityChecker(model, attemptsMax: limits.attempts)
        let summary = Self.summary(history)
        switch checker.check(history, isOver: limits.isOver) {
        case .linearizable: (self.text, self.code) = ("linearizable: \(summary)", 0)
        case .violated(let example): (self.text, self.code) = ("NOT linearizable: \(summary)\n\(example)", 1)
        case .gaveUp(let key):
            (self.text, self.code) = ("gave up at key \(key), so that nothing is proved: \(summary)", 2)
        }
    }

    private static func summary<Operation, Result>(_ history: History<String, Operation, Result>) -> String {
        let events = history.events
        let unknown = events.count { $0.outcome == .unknown }
        let failed = events.count { $0.outcome == .failed }
        return "\(events.count) operations on \(Set(events.map(\.key)).count) keys, "
            + "\(unknown) without an answer, \(failed) that failed"
    }
}
