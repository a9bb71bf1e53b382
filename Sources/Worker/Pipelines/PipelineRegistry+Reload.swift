extension PipelineRegistry {
    /// Another program for a pipeline that keeps its id, its connections and its listeners.
    ///
    /// The old one is stopped before the new one connects, since both are the same client to their brokers. Whether the
    /// new one starts is known when its engine has decided; `takeBack` is for one that does not.
    func reload(
        _ pipeline: RunningPipeline,
        _ spec: PipelineSpec,
        _ program: Program,
        for tenant: Tenant
    ) throws(PipelineRefusal) -> RunningPipeline {
        guard pipeline.spec.place == nil else { throw .placedByCluster }
        return try self.replace(pipeline, spec, program, for: tenant)
    }

    /// Puts back what a reload replaced.
    func takeBack(
        _ failed: RunningPipeline,
        to spec: PipelineSpec,
        _ program: Program,
        for tenant: Tenant
    ) throws(PipelineRefusal) -> RunningPipeline {
        try self.replace(failed, spec, program, for: tenant)
    }
}
