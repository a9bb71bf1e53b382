import VPL

/// `.trend_aggregate`: the steps of a sequence, and what is computed over all its trends, names resolved.
///
/// A trend is a choice of events in the order of their arrival, one for each step and any number, at least one, for a Kleene
/// step. There may be very many, so none is made. Partial trends that end at the same step, and that look the same to all
/// conditions to come, are a group: a count and sums for all of them together (GRETA, VLDB 2017; COGRA, SIGMOD 2019).
struct CompiledTrends: Sendable {
    struct Step: Sendable {
        let type: String
        /// The name under which other steps know its events.
        let name: String?
        let isKleene: Bool
        /// All that is asked of its events, as the program has it: for people to see.
        let written: [NodeID]
        /// What must hold of an event that the step takes, whatever came before.
        let conditions: [NodeID]
        /// What must hold, besides, of the first event that the step takes in a trend, whatever came before.
        let firstConditions: [NodeID]
        /// How a trend comes to the step from the one before, and how it stays at the step.
        let entry: Edge
        let again: Edge
        /// The steps of whose last events conditions to come may ask, in order: those tell groups at this step apart.
        let context: [Int]
        /// What they ask of this step's own event.
        let captures: [CompiledSequence.Capture]

        /// Whether groups are told apart by nothing but the event that they end with, if by that.
        func isOfOwnEvent(_ number: Int) -> Bool { self.context.allSatisfy { $0 == number } }
    }

    /// From a partial trend to one that is longer by an event.
    struct Edge: Sendable {
        /// All must hold of the event and the partial trend.
        let tests: [EdgeTest]
        /// Which values go over to the longer one, and which events that tell groups apart, by their places there and here.
        let carriedSlots: [Int]
        let carriedEvents: [(to: Int, from: Int)]
        /// Where the only condition is one order, the place among the indexes of the step from which the edge leads.
        var index: Int?

        static let none = Edge(tests: [], carriedSlots: [], carriedEvents: [])
    }

    /// The groups of a step in the order of a column.
    struct Index: Sendable {
        let column: Int
        let isDescending: Bool
    }

    /// A condition across events.
    struct EdgeTest: Sendable {
        let condition: NodeID
        /// Where it compares something of the event alone with something of the partial trend alone.
        let comparison: Comparison?

        struct Comparison: Sendable {
            /// What stands on the left is of the event.
            let symbol: BinaryOperator
            let ofEvent: NodeID
            let ofTrend: NodeID
            /// The place among the columns of the step from which the edge leads.
            var column: Int
        }
    }

    /// A function and the step that it is about.
    struct Item: Sendable {
        let name: String
        let function: TrendFunction
        let step: Int
        /// What is added up, or compared; nil for counts.
        let field: String?
    }

    /// `.not(Type where condition)`.
    struct Negation: Sendable {
        let type: String
        let condition: NodeID?
        /// Whether the condition is about steps: then it holds for some partial trends, and not for others.
        let isOfTrends: Bool
    }

    /// What an event costs.
    enum Class: Sendable {
        /// No condition looks at two events: a running total for each step.
        case totals
        /// Conditions look at neighbours only: a node for each event.
        case graph
        /// Conditions look further back: a node for each event and each choice of the events that they ask for.
        case bindings
    }

    let steps: [Step]
    let negations: [Negation]
    let items: [Item]
    /// The field by whose value events are matched apart.
    let key: String?
    /// How long a window is, in nanoseconds.
    let within: Int64
    let slotCount: Int
    /// For each step what comparisons ask of the trends that end there, as numbers.
    let columns: [[NodeID]]
    /// For each step the indexes over them.
    let indexes: [[Index]]

    var kind: Class {
        if self.negations.contains(where: \.isOfTrends) { return .bindings }
        if self.steps.allSatisfy(\.context.isEmpty) { return .totals }
        return self.steps.enumerated().allSatisfy { $1.isOfOwnEvent($0) } ? .graph : .bindings
    }

    /// All fields that it reads of events other than by expressions.
    var fieldNames: [String] {
        self.items.compactMap(\.field) + [self.key].compactMap(\.self)
            + self.steps.flatMap { $0.captures.map(\.field) }
    }

    var types: Set<String> { Set(self.steps.map(\.type) + self.negations.map(\.type)) }
}
