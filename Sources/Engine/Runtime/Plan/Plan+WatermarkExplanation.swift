extension Plan {
    static func describe(_ watermark: CompiledWatermark) -> [String] {
        let types = watermark.types.joined(separator: ", ")
        let which = watermark.types.count > 1 ? "the slowest of \(types)" : types
        var lines = ["tells     the time by the latest of \(which), less \(self.time(watermark.tolerance))"]
        if let lateness = watermark.lateness {
            lines.append("drops     what is more than \(self.time(lateness)) late")
        }
        return lines
    }

    /// What a window that waits for a watermark does, and what it keeps.
    static func describe(
        _ window: CompiledWindow,
        _ watermark: CompiledWatermark,
        _ key: String,
        _ keys: String
    ) -> (String, String) {
        let lateness = watermark.lateness ?? 0
        let late = lateness > 0 ? ", and for \(self.time(lateness)) after that" : ""
        switch window.kind {
        case .tumbling(let size):
            return (
                "gathers   \(self.time(size))\(key), until the watermark has passed",
                "the events of windows that it has not passed\(late)\(keys)"
            )
        case .sliding(let size, let step):
            return (
                "gathers   the last \(self.time(size)) before the watermark every \(self.time(step))\(key)",
                "the events of \(self.time(size)), and those ahead of the watermark\(keys)"
            )
        case .session(let gap):
            return (
                "gathers   sessions, ended by \(self.time(gap)) of silence before the watermark\(key)",
                "the events of sessions that it has not passed, however long\(late)\(keys)"
            )
        // The watermark does not concern these.
        case .count(let size), .slidingCount(let size, _):
            return ("gathers   \(size) events\(key)", "up to \(size) events")
        }
    }
}
