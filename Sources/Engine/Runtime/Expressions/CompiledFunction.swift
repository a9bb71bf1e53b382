/// A function of the program with its variables resolved to slots.
struct CompiledFunction: Sendable {
    let name: String
    let parameterCount: Int
    var slotCount: Int
    let body: [CompiledStatement]
    /// A measure of the stack that one call takes: the height of its highest expression and the nesting of its blocks.
    let height: Int
    /// Of a lambda inside a `.pattern`: where its variables begin in the frame of the lambda that the whole is.
    ///
    /// It sees the variables of all those around it. It is an argument of a method and nothing else, so that it is never under
    /// way twice at a time.
    var firstSlot = 0

    /// Whether a call may change a global variable.
    var changesGlobals: Bool { Self.changeGlobals(self.body) }

    private static func changeGlobals(_ statements: [CompiledStatement]) -> Bool {
        statements.contains { statement in
            switch statement {
            case .assign(_, let global, _): global != nil
            case .branch(let branches, let otherwise):
                branches.contains { Self.changeGlobals($0.body) } || Self.changeGlobals(otherwise)
            case .forEach(_, _, let body), .whileTrue(_, let body): Self.changeGlobals(body)
            case .declare, .returnValue, .breakLoop, .continueLoop, .emit, .expression: false
            }
        }
    }
}

indirect enum CompiledStatement: Sendable {
    case declare(slot: Int, NodeID)
    /// Sets the local variable if it has been declared, else the global one if there is one, else declares the local.
    case assign(slot: Int, global: Int?, NodeID)
    case branch([(condition: NodeID, body: [CompiledStatement])], otherwise: [CompiledStatement])
    case forEach(slot: Int, ForSequence, [CompiledStatement])
    case whileTrue(NodeID, [CompiledStatement])
    case returnValue(NodeID?)
    case breakLoop
    case continueLoop
    case emit(type: String, [Projection])
    case expression(NodeID)
}

/// What a loop runs over; a range is not made into an array first.
enum ForSequence: Sendable {
    case range(NodeID, NodeID, isClosed: Bool)
    case value(NodeID)
}

/// A field of a new event and the expression it is made of.
struct Projection: Sendable {
    let name: String
    let value: NodeID
}
