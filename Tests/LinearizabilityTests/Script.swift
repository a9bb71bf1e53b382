import Linearizability

/// A history written as in a table: client, call, return, operation, result.
struct Script<Model: SequentialModel> {
    typealias Recorded = History<String, Model.Operation, Model.Result>
    private(set) var history = Recorded()

    /// Return nil means no answer.
    mutating func add(
        _ client: Int,
        _ called: UInt64,
        _ returned: UInt64?,
        _ operation: Model.Operation,
        _ result: Model.Result? = nil,
        key: String = "k"
    ) {
        let number = self.history.call(operation, on: key, by: client, at: called)
        if let returned, let result { self.history.complete(number, with: result, at: returned) }
    }
}

extension Verdict {
    var isLinearizable: Bool { if case .linearizable = self { true } else { false } }
    var counterexample: Counterexample<Key>? { if case .violated(let example) = self { example } else { nil } }
}
