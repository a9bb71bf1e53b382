/// The steps of a stream, `A as a -> all B where … as b`, with what a run has to remember of them.
struct CompiledSequence: Sendable {
    struct Step: Sendable {
        let type: String
        /// All must hold of an event that the step takes.
        let conditions: [NodeID]
        /// Takes one event or more.
        let isKleene: Bool
        /// The name under which later steps and operations know its events; nil if there is none.
        let name: String?
        /// Which fields of its events are remembered, and where.
        let captures: [Capture]
        let summaries: [Summary]
    }

    /// A field that is remembered of the last event that a step took.
    struct Capture: Sendable {
        let field: String
        /// The place in the run's values.
        let slot: Int
    }

    /// What is added up over all events that a Kleene step took.
    struct Summary: Sendable {
        let call: CompiledAggregate.Call
        /// What is added up; nil to count events.
        let field: String?
        /// Where the result is in the run's values.
        let slot: Int
        /// The place in the run's accumulators.
        let place: Int
    }

    /// `.not(Type where condition)`.
    struct Negation: Sendable {
        let type: String
        /// Nil for one that ends all runs.
        let condition: NodeID?
    }

    let steps: [Step]
    let negations: [Negation]
    /// The field by whose value events are matched apart.
    let key: String?
    /// How long after its first event a run may complete, in nanoseconds.
    let within: Int64?
    /// How many values a run has.
    let slotCount: Int
    let summaryCount: Int
    let output: Output

    /// What the events of matches hold.
    struct Output: Sendable {
        /// Whether the fields of a match may be looked at whatever they are called; then runs keep whole events.
        let isWhole: Bool
        /// Otherwise the fields that are named somewhere, `alias_field`, and where they are in the run's values.
        let fields: [Capture]
        let hasStream: Bool
        let hasDuration: Bool
        /// Where the value of the key is in the run's values.
        let keySlot: Int?
        /// Whether later operations read the run's values.
        let readsValues: Bool
    }

    /// How many positions a run may stay at: after each step but the last, and after that if more events may come for it.
    var positionCount: Int { self.steps.count - (self.steps.last?.isKleene == true ? 0 : 1) }
}
