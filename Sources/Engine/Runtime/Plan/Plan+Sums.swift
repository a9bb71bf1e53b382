import VPL

extension Plan {
    /// Finds the aggregates that keep sums: those over all events so far, and those right after a tumbling window where
    /// `BatchPipeline` would keep sums too, so that what either remembers is of use to the other.
    ///
    /// Their arguments are evaluated when an event arrives, not when its window fires. Where that could be told apart, windows
    /// keep their events.
    mutating func addSums() {
        let isSteady = self.isSteady
        self.windowSums = Array(repeating: nil, count: self.windows.count)
        for stream in self.streams {
            for (place, operation) in stream.operations.enumerated() {
                guard case .aggregate(let aggregate, let state) = operation else { continue }
                if state != nil {
                    self.sums.append(KeyedSums(nil, aggregate, type: stream.name))
                } else if isSteady, place > 0, case .window(let window) = stream.operations[place - 1],
                    EventTimeWindows(self.windows[window]) == nil,
                    ColumnAggregate.isSuitable(self.windows[window], aggregate)
                {
                    self.windowSums[window] = KeyedSums(self.windows[window], aggregate, type: stream.name)
                }
            }
        }
    }

    /// Whether expressions come to the same at any time: they change nothing, and ask for no clock; or the program runs over
    /// batches, which evaluate what they sum up at once.
    private var isSteady: Bool {
        if self.functions.contains(where: \.changesGlobals) { return false }
        let isUnsteady = self.code.nodes.contains { node in
            switch node {
            case .builtin(.now, _), .builtin(.print, _): true
            default: false
            }
        }
        return !isUnsteady || BatchProgram.obstacle(in: self) == nil
    }
}
