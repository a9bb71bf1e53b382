extension Plan {
    /// Which contexts there are, how each runs, and what goes between them; nothing for a program with only one.
    var contextExplanation: String {
        guard self.contextCount > 1 else { return "" }
        let graph = self.contextGraph
        var text = "\nContexts, each on a thread of its own where contexts run side by side:\n"
        for (number, context) in graph.contexts.enumerated() {
            let core = context.core.map { " on core \($0)" } ?? ""
            let part = ContextPart(self, graph, number: number, .none)
            text += "  \(context.name)\(core) runs \(context.streams.joined(separator: ", "))"
            text += part.isColumnar ? " over batches of columns\n" : " one event after the other\n"
            for edge in graph.edges where edge.source == number {
                let types = edge.types.joined(separator: ", ")
                text += "    hands \(types) over to \(graph.contexts[edge.target].name), "
                text += "with up to \(ContextGraph.queueEventsUsual) events on the way\n"
            }
        }
        return text
    }
}
