/// Section 9, from the list of all events that ever arrived at a window (of one key), the newest last.
enum OracleWindows {
    typealias Row = OracleScope.Row

    /// The batch that the newest event fires, nil for none.
    static func fired(_ window: OracleWindow, _ history: [Row]) -> [Row]? {
        switch window {
        case .tumbling(let size): self.tumbling(Int128(size), history).fired
        case .sliding(let size, let step): self.sliding(Int128(size), Int128(step), history)
        case .count(let size): history.count % size == 0 ? history.suffix(size) : nil
        case .slidingCount(let size, let step):
            // It first fires when there are `size` events and `step` have come, then at every `step`-th.
            history.count >= max(size, step) && (history.count - max(size, step)) % step == 0
                ? history.suffix(size) : nil
        case .session(let gap): self.session(Int128(gap), history).fired
        case .written(_, let meant): self.fired(meant, history)
        }
    }

    /// What the window holds at the end of the input and fires then.
    static func rest(_ window: OracleWindow, _ history: [Row]) -> [Row] {
        if case .session(let gap) = window { self.session(Int128(gap), history).held } else { [] }
    }

    private static func tumbling(_ size: Int128, _ history: [Row]) -> (fired: [Row]?, held: [Row]) {
        var fired: [Row]?
        var held: [Row] = []
        for row in history {
            fired = nil
            if let start = held.first?.time, row.time >= start + size {
                fired = held
                held = []
            }
            held.append(row)
        }
        return (fired, held)
    }

    private static func session(_ gap: Int128, _ history: [Row]) -> (fired: [Row]?, held: [Row]) {
        var fired: [Row]?
        var held: [Row] = []
        for row in history {
            fired = nil
            if let last = held.map(\.time).max(), row.time - last > gap {
                fired = held
                held = []
            }
            held.append(row)
        }
        return (fired, held)
    }

    private static func sliding(_ size: Int128, _ step: Int128, _ history: [Row]) -> [Row]? {
        var fired: [Row]?
        var held: [Row] = []
        var last: Int128?
        for row in history {
            let time = row.time
            held.append(row)
            held = Array(held.drop { $0.time < time - size })
            fired = nil
            if last == nil || time >= last! + step {
                fired = held
                last = time
            }
        }
        return fired
    }
}

extension OracleScope.Row {
    /// The event's time, wide enough for any sum.
    fileprivate var time: Int128 { Int128(self.event.timestamp) }
}
