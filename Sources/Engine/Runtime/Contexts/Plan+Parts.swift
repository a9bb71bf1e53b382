extension Plan {
    /// What one context runs of the program: its streams, with the places that they have in the whole, so that what the
    /// program counts and keeps by place is the same.
    func part(_ number: Int, of graph: ContextGraph) -> Plan {
        let context = graph.contexts[number]
        let isHere = Set(context.places)
        let departing = Set(graph.edges.filter { $0.source == number }.flatMap(\.types))
        var part = self
        part.streams = self.streams.enumerated().map { place, stream in
            guard isHere.contains(place) else { return stream.elsewhere }
            var stream = stream
            let names = [stream.name] + [stream.ownType].compactMap(\.self)
            let gives = stream.operations.contains { if case .process = $0 { true } else { false } }
            stream.isHandedOver = !departing.isEmpty && (gives || names.contains(where: departing.contains))
            return stream
        }
        part.routes = self.routes.mapValues { $0.filter(isHere.contains) }.filter { !$0.value.isEmpty }
        return part
    }
}

extension CompiledStream {
    /// The same for a context that does not run it: it reads nothing.
    fileprivate var elsewhere: CompiledStream {
        var stream = self
        stream.branches = []
        stream.isElsewhere = true
        return stream
    }
}
