/// A checkpoint that fits a program: what each of the program's operators gets of it.
///
/// Operators are known by the names of their streams and their own. A stream of which some operator does not fit is
/// refused, or, if that is allowed, begins empty.
public struct Restoration: Sendable {
    /// What of the checkpoint is not restored, in sentences.
    public private(set) var warnings: [String] = []
    let checkpoint: Checkpoint
    /// By the operator's stream and name.
    private var saved: [Key: SavedOperator] = [:]

    private struct Key: Hashable {
        let stream: ExactText
        let name: ExactText

        init(_ stream: String, _ name: String) {
            self.stream = ExactText(stream)
            self.name = ExactText(name)
        }
    }

    /// - Parameter allowsStateLoss: Whether streams that do not fit begin empty.
    public init(
        _ checkpoint: Checkpoint,
        of plan: Plan,
        allowingStateLoss allowsStateLoss: Bool = false
    ) throws(CheckpointError) {
        self.checkpoint = checkpoint
        for saved in checkpoint.operators {
            guard self.saved.updateValue(saved, forKey: Key(saved.stream, saved.name)) == nil else {
                throw .malformed("stream \(saved.stream) has two operators `\(saved.name)`")
            }
        }
        let places = plan.operatorPlaces
        let names = Set(plan.streamNames.map { ExactText($0) })
        let known = Set(checkpoint.manifest.streams.map { ExactText($0) })
        for stream in checkpoint.manifest.streams where !names.contains(ExactText(stream)) {
            guard checkpoint.operators.contains(where: { $0.stream.isExactly(stream) }) else { continue }
            self.warnings.append("the program has no stream \(stream) any more; what it remembered is forgotten")
            self.forget(stream)
        }
        var reasons: [String] = []
        for stream in plan.streamNames where known.contains(ExactText(stream)) {
            let own = places.filter { $0.stream.isExactly(stream) }
            guard let reason = self.reason(against: own, of: stream) else { continue }
            reasons.append(reason)
            self.forget(stream)
        }
        guard reasons.isEmpty || allowsStateLoss else {
            let message = "the checkpoint does not fit the program: \(reasons.joined(separator: "; "))"
            throw CheckpointError(.programChanged, message)
        }
        self.warnings += reasons.map { "\($0); the stream begins empty" }
    }

    /// Why what a stream remembered is of no use to its operators now.
    private func reason(against places: [OperatorPlace], of stream: String) -> String? {
        for place in places {
            guard let saved = self.saved[Key(stream, place.name)] else {
                if case .tap = place.state { continue }
                return "stream \(stream) has a `\(place.name)` that it did not have"
            }
            if !saved.definition.isExactly(place.definition) {
                return "the `\(place.name)` of stream \(stream) was \(saved.definition), and is \(place.definition)"
            }
            let missing = place.needed.first { column in !saved.columns.contains { $0.isExactly(column) } }
            if let missing, saved.entryCount > 0 {
                return missing == CompiledSequence.wholeEvents
                    ? "the `\(place.name)` of stream \(stream) needs whole events, which were not remembered"
                    : "the `\(place.name)` of stream \(stream) needs \(missing), which was not remembered"
            }
        }
        let gone = self.checkpoint.operators.first { saved in
            saved.stream.isExactly(stream) && !saved.name.hasPrefix("tap ")
                && !places.contains { $0.name.isExactly(saved.name) }
        }
        return gone.map { "stream \(stream) has no `\($0.name)` any more" }
    }

    private mutating func forget(_ stream: String) {
        for saved in self.checkpoint.operators where saved.stream.isExactly(stream) {
            self.saved[Key(stream, saved.name)] = nil
        }
    }

    /// What an operator gets; nil where it begins empty.
    func saved(for place: OperatorPlace) -> SavedOperator? { self.saved[Key(place.stream, place.name)] }

    /// The values of global variables in a context: where the checkpoint knows none of that, those of the default one.
    ///
    /// - Parameter context: Nil for the default one.
    func globals(of plan: Plan, in context: String?) -> [Value?] {
        var globals = plan.globals
        let values = Dictionary(
            self.checkpoint.manifest.globals.map { (ExactText($0.name), $0.value) },
            uniquingKeysWith: { $1 }
        )
        for (name, place) in plan.changingGlobals {
            let own = values[ExactText(Plan.globalName(name, in: context))]
            if let value = own ?? values[ExactText(name)] { globals[place] = value }
        }
        return globals
    }
}

extension Plan {
    /// The global variables, if functions change any. Without that they are what the program says, also when it is another.
    var changingGlobals: [(name: String, place: Int)] {
        guard self.functions.contains(where: \.changesGlobals) else { return [] }
        return self.globalNames.enumerated().map { ($1, $0) }
    }

    /// What a variable is called in checkpoints; `context.name` if it is not that of the default context.
    static func globalName(_ name: String, in context: String?) -> String { context.map { "\($0).\(name)" } ?? name }
}
