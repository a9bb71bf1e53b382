import ClusterState

// What operators deploy.

extension World {
    /// Where each pipeline of a group reads and writes, for as long as the group exists.
    ///
    /// An update changes neither the brokers of a pipeline nor whether it has any: an owner that does not hear of the
    /// update is fenced where its successor connects, and nowhere else.
    func drawPrograms() -> [Program] {
        (0..<3).map { _ in
            let isFenced = self.draw(0...9) < self.faults.fencedOfTen
            return Program(
                source: isFenced ? self.drawPlace(below: self.brokers.count) : nil,
                sink: isFenced ? self.drawPlace(below: self.brokers.count) : nil
            )
        }
    }

    func drawSpec(_ place: Int) -> ClusterState.GroupSpec {
        let subject = self.subjects[place]
        let first = self.drawPlace(below: subject.programs.count)
        let pipelines = subject.programs.indices
            .filter { $0 == first || self.chance(500) }
            .map { self.drawPipeline($0, subject.programs[$0]) }
        return ClusterState.GroupSpec(name: GroupName(subject.name), pipelines: pipelines)
    }

    /// What has a broker comes and goes. What has none stays, with another program perhaps: its former owner would have
    /// to be known to be gone before it may come back.
    func drawUpdate(_ place: Int, of spec: ClusterState.GroupSpec) -> ClusterState.GroupSpec {
        let subject = self.subjects[place]
        var pipelines: [ClusterState.PipelineSpec] = []
        for (number, program) in subject.programs.enumerated() {
            let former = spec.pipeline(PipelineName("p\(number)"))
            if program.source != nil {
                if self.chance(600) { pipelines.append(self.drawPipeline(number, program)) }
            } else if var pipeline = former {
                pipeline.source = self.drawText(program)
                pipelines.append(pipeline)
            }
        }
        return ClusterState.GroupSpec(name: spec.name, pipelines: pipelines)
    }

    private func drawPipeline(_ number: Int, _ program: Program) -> ClusterState.PipelineSpec {
        ClusterState.PipelineSpec(
            name: PipelineName("p\(number)"),
            source: self.drawText(program),
            workerAffinity: self.chance(200) ? self.workers[self.drawPlace(below: self.workers.count)].id : nil,
            replicas: self.chance(200) ? UInt32(self.draw(2...3)) : 1
        )
    }

    private func drawText(_ program: Program) -> String { "\(program.text) v\(self.draw(0...2))" }
}
