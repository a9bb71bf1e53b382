/// A lambda inside a `.pattern`.
///
/// All lambdas of one `.pattern` have their variables in one frame, each in a range of its own: a lambda is an argument of a
/// method and nothing else, so that it is never under way twice at a time. A body in it sees the variables of all those
/// around it.
struct CompiledLambda: Sendable {
    /// The variables, the parameters first.
    let slots: Range<Int>
    let parameterCount: Int
    let body: Body
    /// The nodes that its body was made into.
    let nodes: Range<Int>

    enum Body: Sendable {
        case expression(NodeID)
        case block([CompiledStatement])
    }

    /// Whether it may change a global variable.
    var changesGlobals: Bool {
        if case .block(let statements) = self.body { CompiledFunction.changeGlobals(statements) } else { false }
    }
}

/// The place of a lambda in the table of code.
struct LambdaID: Hashable, Sendable {
    let rawValue: Int32
}

/// One lambda of a `.pattern`, as a condition on a batch.
struct CompiledPattern: Sendable {
    let name: String
    let node: NodeID
}
