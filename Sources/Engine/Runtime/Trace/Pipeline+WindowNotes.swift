/// What windows and watermarks do with an event.
extension Pipeline {
    mutating func noteWindow(_ state: Int, taking event: Event, giving fired: [Event]?) {
        let name = self.windowName(state, of: event)
        let isSummed = self.slidingAggregates[state] != nil || self.windowSums[state] != nil
        if let fired {
            let what = isSummed ? "its sums" : "\(fired.count) event\(fired.count == 1 ? "" : "s")"
            self.journal?.add(TraceNote(kind: .fired, text: "\(name) gives \(what)"))
        } else {
            let key = ExactText(self.plan.windows[state].key.map { event.fields[$0].partitionText } ?? "")
            let size = self.heldCount(by: state, of: key).map { ", and holds \($0) event\($0 == 1 ? "" : "s")" } ?? ""
            self.journal?.add(TraceNote(kind: .gathered, text: "\(name) gathers it\(size)"))
        }
    }

    private func windowName(_ state: Int, of event: Event) -> String {
        let window = self.plan.windows[state]
        let whose = window.key.map { " of \($0) \(event.fields[$0].shown)" } ?? ""
        return "the window\(whose) (\(window.kind.shown))"
    }

    /// How many events of a key a window holds, or has summed up; nil where that is not counted.
    func heldCount(by window: Int, of key: ExactText) -> Int? {
        // One that sums up while it slides keeps no events.
        if self.slidingAggregates[window] != nil { return nil }
        if let sums = self.windowSums[window] { return sums.heldCount(of: key) }
        if let windows = self.eventTimeWindows[window] { return windows.held(of: key)?.count }
        return self.windows[window].heldCount(of: key)
    }

    // MARK: - Event time

    /// An event that a stream drops, because it is more than the allowed lateness behind the watermark.
    mutating func noteTooLate(_ event: Event, for stream: CompiledStream, _ state: Int) {
        self.journal?.begin(stream.name)
        guard let effective = self.watermarkStates[state].effective else { return }
        let lateness = self.watermarkStates[state].watermark.lateness ?? 0
        let text =
            "is dropped because it is late: more than \(lateness.shownAsSpan) before the watermark,"
            + " \(effective.shownAsTime)"
        self.journal?.add(TraceNote(kind: .dropped, text: text))
    }

    /// - Parameter isTaken: Whether some window took the event.
    mutating func noteEventTimeWindow(_ state: Int, taking event: Event, isTaken: Bool, at watermark: Int64?) {
        let name = self.windowName(state, of: event)
        let now = watermark.map { ", which was \($0.shownAsTime)" } ?? ""
        guard isTaken else {
            let lateness = self.plan.windows[state].watermark?.lateness ?? 0
            let allowed = lateness > 0 ? " and the \(lateness.shownAsSpan) allowed after it" : ""
            let text = "is dropped because it is late: its window\(allowed) was over for the watermark\(now)"
            self.journal?.add(TraceNote(kind: .dropped, text: text))
            return
        }
        let key = ExactText(self.plan.windows[state].key.map { event.fields[$0].partitionText } ?? "")
        let held = self.eventTimeWindows[state]?.held(of: key)
        let until = held?.until.map { "the watermark \($0.shownAsTime)" } ?? "the next watermark"
        self.journal?.add(
            TraceNote(
                kind: .gathered,
                text:
                    "\(name) gathers it, and waits for \(until)\(now.isEmpty ? "" : "; it was \(watermark?.shownAsTime ?? "")")"
            )
        )
    }

    mutating func noteFired(_ batch: [Event], by state: Int, at watermark: Int64) {
        guard let first = batch.first else { return }
        let count = "\(batch.count) event\(batch.count == 1 ? "" : "s")"
        let text = "\(self.windowName(state, of: first)) gives \(count): the watermark is \(watermark.shownAsTime)"
        self.journal?.add(TraceNote(kind: .fired, text: text))
    }
}

extension EventTimeWindows {
    /// How many events of a key are held, and which watermark lets the next window fire; nil for an unknown key. Where the
    /// next watermark does, whichever it is, there is none.
    func held(of key: ExactText) -> (count: Int, until: Int64?)? {
        if let tumbling = self.tumbling {
            guard let number = tumbling.partitions.known(key) else { return nil }
            let own = tumbling.windows.filter { $0.key.partition == number }
            let until = own.filter(\.value.isDue).map { tumbling.end(of: $0.key) }.min()
            return (own.reduce(0) { $0 + $1.value.events.count }, until)
        }
        if let sliding = self.sliding {
            guard let number = sliding.table.known(key), number < sliding.partitions.count else { return nil }
            let partition = sliding.partitions[number]
            let until = partition.scheduled.flatMap { $0 == .min ? nil : $0 }
            return (partition.present.count + partition.ahead.count, until)
        }
        if let sessions = self.sessions {
            guard let number = sessions.table.known(key), number < sessions.partitions.count else { return nil }
            let own = sessions.partitions[number]
            let until = own.filter { !$0.hasFired }.map { sessions.end(of: $0.last) }.min()
            return (own.reduce(0) { $0 + $1.events.count }, until)
        }
        return nil
    }
}
