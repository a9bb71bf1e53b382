extension EngineSnapshot {
    /// What the program holds of a key. However it runs, what it remembers can be restored into a pipeline that takes one
    /// event after the other, and that can tell. Takes long where much is remembered.
    ///
    /// - Parameter plan: Of the program of which the snapshot is.
    public func trace(key: String, of plan: Plan) throws(CheckpointError) -> KeyTrace {
        let restoration = try Restoration(self.checkpoint, of: plan)
        let pipeline = try Pipeline(plan, restoring: restoration)
        return pipeline.trace(key: key)
    }
}
