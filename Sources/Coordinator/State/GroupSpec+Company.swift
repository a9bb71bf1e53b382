extension ClusterState.GroupSpec {
    /// Pipelines that need the same worker, since routes without a broker connect them: each company with at least two,
    /// in the order of the spec.
    public var companies: [[PipelineName]] {
        guard self.broker == nil else { return [] }
        var companyOf: [PipelineName: Int] = [:]
        var members: [[PipelineName]] = []
        for route in self.routes where route.isInner {
            var one = Self.company(of: route.source, &companyOf, &members)
            var other = Self.company(of: route.target, &companyOf, &members)
            guard one != other else { continue }
            // The smaller one moves, so that nobody moves often.
            if members[one].count < members[other].count { swap(&one, &other) }
            for pipeline in members[other] { companyOf[pipeline] = one }
            members[one] += members[other]
            members[other] = []
        }
        guard !members.isEmpty else { return [] }
        var places: [PipelineName: Int] = [:]
        for (place, pipeline) in self.pipelines.enumerated() { places[pipeline.name] = place }
        let place = { (pipeline: PipelineName) in places[pipeline] ?? .max }
        return members.filter { $0.count > 1 }
            .map { company in company.sorted { place($0) < place($1) } }
            .sorted { place($0[0]) < place($1[0]) }
    }

    private static func company(
        of pipeline: PipelineName,
        _ companyOf: inout [PipelineName: Int],
        _ members: inout [[PipelineName]]
    ) -> Int {
        if let company = companyOf[pipeline] { return company }
        companyOf[pipeline] = members.count
        members.append([pipeline])
        return members.count - 1
    }

    /// The company of a pipeline; empty if it may be placed alone.
    public func company(of pipeline: PipelineName) -> [PipelineName] {
        // Few groups have any.
        guard self.broker == nil, self.routes.contains(where: \.isInner) else { return [] }
        return self.companies.first { $0.contains(pipeline) } ?? []
    }
}

extension ClusterState.Group {
    /// The placements that go where this one goes: all of its pipeline's company, itself among them.
    public func company(of placement: ClusterState.Placement) -> [ClusterState.Placement] {
        let company = Set(self.spec.company(of: placement.pipeline))
        guard !company.isEmpty else { return [placement] }
        return self.placements.filter { company.contains($0.pipeline) }
    }
}
