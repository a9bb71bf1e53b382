import VPL

extension PlanCompiler {
    var contexts: [PlannedContext] {
        self.contextDeclarations.map { PlannedContext(name: $0.name.text, cores: $0.cores) }
    }

    private var contextDeclarations: [ContextDeclaration] {
        self.program.program.statements.compactMap { if case .context(let context) = $0.kind { context } else { nil } }
    }

    /// The place of the context that a stream names; the last, if it names several.
    func context(of stream: StreamDeclaration) -> Int? {
        guard let name = stream.contextName else { return nil }
        return self.contextDeclarations.firstIndex { $0.name.text == name.text }
    }

    /// Refuses contexts that wait for each other: with bounds on what is on the way between them they might do so forever.
    mutating func checkContexts(_ streams: [CompiledStream], _ functions: [CompiledFunction]) {
        let links = ContextLinks(streams, self.expressions.code, functions)
        guard let circle = links.circle, let last = circle.max(by: { $0.reader < $1.reader }) else { return }
        let contexts = self.contexts
        func name(_ context: Int?) -> String { context.map { contexts[$0].name } ?? ContextGraph.defaultName }
        // The last link closes the circle.
        let start = circle.firstIndex { $0.reader == last.reader }.map { $0 + 1 } ?? 0
        let names = (circle[start...] + circle[..<start]).map { name($0.source) } + [name(last.target)]
        let declarations = self.program.program.statements.compactMap { statement in
            if case .stream(let stream) = statement.kind { stream } else { nil }
        }
        let place = declarations[last.reader].contextName ?? declarations[last.reader].name
        self.report(
            Diagnostic(
                code: "E034",
                kind: .order,
                message: "contexts read each other in a circle: \(names.joined(separator: " → "))",
                hint: "`\(streams[last.reader].name)` of `\(name(last.target))` reads what "
                    + "`\(streams[last.writer].name)` of `\(name(last.source))` gives",
                location: place.location,
                length: place.length
            )
        )
    }
}

extension StreamDeclaration {
    fileprivate var contextName: Name? {
        for case .operation(let operation) in self.stages.reversed() {
            if case .context(let name) = operation.kind { return name }
        }
        return nil
    }
}
