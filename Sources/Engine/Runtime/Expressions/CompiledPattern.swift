/// One lambda of a `.pattern`, as a condition on a batch.
struct CompiledPattern: Sendable {
    let name: String
    let node: NodeID
}
