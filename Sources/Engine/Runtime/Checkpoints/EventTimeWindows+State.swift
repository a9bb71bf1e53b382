extension WatermarkState: RestorableState {
    /// The latest time of each type that was seen, and the stream's own watermark under no key.
    func save(to saved: inout SavedOperator) {
        saved.numbers = [("dropped", Int64(bitPattern: self.dropped))]
        for (type, time) in zip(self.watermark.types, self.latest) {
            if let time { saved.addEntry(.string(type)) { $0.write(time) } }
        }
        if let effective = self.effective { saved.addEntry(nil) { $0.write(effective) } }
    }

    mutating func restore(_ saved: SavedOperator) throws(CheckpointError) {
        self.dropped = UInt64(bitPattern: saved.number("dropped"))
        try saved.forEachEntry { (key, reader) throws(CheckpointError) in
            let time = try reader.signed()
            guard let key else {
                self.effective = time
                return
            }
            guard case .string(let type) = key else { throw .malformed("a watermark is of no type") }
            // One that the stream does not read any more holds it back no longer.
            if let place = self.watermark.types.firstIndex(where: { $0.isExactly(type) }) { self.latest[place] = time }
        }
    }
}

extension EventTimeWindows: RestorableState {
    func save(to saved: inout SavedOperator) {
        saved.numbers = [("dropped", Int64(bitPattern: self.dropped))]
        self.tumbling?.save(to: &saved)
        self.sliding?.save(to: &saved)
        self.sessions?.save(to: &saved)
    }

    mutating func restore(_ saved: SavedOperator) throws(CheckpointError) {
        self.dropped = UInt64(bitPattern: saved.number("dropped"))
        try self.tumbling?.restore(saved)
        try self.sliding?.restore(saved)
        try self.sessions?.restore(saved)
    }
}

extension TumblingEventTimeWindows: RestorableState {
    /// By partition, in the order of first appearance: its windows in the order of time.
    func save(to saved: inout SavedOperator) {
        var windows = [[(index: Int64, window: Window)]](repeating: [], count: self.partitions.count)
        for (place, window) in self.windows { windows[place.partition].append((place.index, window)) }
        for (text, own) in zip(self.partitions.texts, windows) {
            saved.addEntry(.string(text)) { writer in
                writer.write(count: own.count)
                for (index, window) in own.sorted(by: { $0.index < $1.index }) {
                    writer.write(index)
                    writer.write(byte: (window.isDue ? 1 : 0) | (window.hasFired ? 2 : 0))
                    writer.write(count: window.events.count)
                    for event in window.events { writer.write(event) }
                }
            }
        }
    }

    mutating func restore(_ saved: SavedOperator) throws(CheckpointError) {
        try saved.forEachEntry { (key, reader) throws(CheckpointError) in
            let number = try self.partitions.add(key)
            for _ in 0..<(try reader.count(ofSize: 3)) {
                let place = Place(index: try reader.signed(), partition: number)
                let flags = try reader.byte()
                var window = Window(isDue: flags & 1 != 0, hasFired: flags & 2 != 0)
                for _ in 0..<(try reader.count(ofSize: 4)) { window.events.append(try reader.event()) }
                self.eventCount += window.events.count
                if window.isDue { self.due.push(place) }
                if window.hasFired { self.fired.push(place) }
                guard self.windows.updateValue(window, forKey: place) == nil else {
                    throw .malformed("a window is there twice")
                }
            }
        }
    }
}

extension SlidingEventTimeWindows: RestorableState {
    func save(to saved: inout SavedOperator) {
        saved.numbers.append(("arrivals", Int64(bitPattern: self.arrivals)))
        for (text, partition) in zip(self.table.texts, self.partitions) {
            saved.addEntry(.string(text)) { writer in
                writer.write(partition.lastFired)
                writer.write(partition.present)
                writer.write(partition.ahead.elements.sorted().map(\.arrival))
            }
        }
    }

    mutating func restore(_ saved: SavedOperator) throws(CheckpointError) {
        self.arrivals = UInt64(bitPattern: saved.number("arrivals"))
        try saved.forEachEntry { (key, reader) throws(CheckpointError) in
            let number = try self.table.add(key)
            var partition = Partition()
            partition.lastFired = try reader.optionalTime()
            partition.present = try reader.arrivals()
            for arrival in try reader.arrivals() { partition.ahead.push(Ahead(arrival: arrival)) }
            self.eventCount += partition.present.count + partition.ahead.count
            self.partitions.append(partition)
            self.schedule(number)
        }
    }
}

extension EventTimeSessions: RestorableState {
    func save(to saved: inout SavedOperator) {
        saved.numbers.append(("arrivals", Int64(bitPattern: self.arrivals)))
        for (text, sessions) in zip(self.table.texts, self.partitions) {
            saved.addEntry(.string(text)) { writer in
                writer.write(count: sessions.count)
                for session in sessions {
                    writer.write(byte: session.hasFired ? 1 : 0)
                    writer.write(session.first)
                    writer.write(session.last)
                    writer.write(session.events)
                }
            }
        }
    }

    mutating func restore(_ saved: SavedOperator) throws(CheckpointError) {
        self.arrivals = UInt64(bitPattern: saved.number("arrivals"))
        try saved.forEachEntry { (key, reader) throws(CheckpointError) in
            let number = try self.table.add(key)
            self.partitions.append([])
            for _ in 0..<(try reader.count(ofSize: 4)) {
                self.sessionsMade += 1
                let hasFired = try reader.byte() == 1
                let (first, last) = (try reader.signed(), try reader.signed())
                let session = Session(
                    id: self.sessionsMade,
                    first: first,
                    last: last,
                    events: try reader.arrivals(),
                    hasFired: hasFired
                )
                self.eventCount += session.events.count
                self.partitions[number].append(session)
                let entry = Entry(last: last, partition: number, session: session.id)
                if hasFired { self.fired.push(entry) } else { self.due.push(entry) }
            }
        }
    }
}

extension PartitionTable {
    /// The number of a new key that a checkpoint has.
    fileprivate mutating func add(_ key: Value?) throws(CheckpointError) -> Int {
        let count = self.count
        let number = self.number(of: ExactText(key.partitionText))
        guard number == count else { throw .malformed("a window's key is there twice") }
        return number
    }
}

extension StateWriter {
    fileprivate mutating func write(_ arrivals: [Arrival]) {
        self.write(count: arrivals.count)
        for arrival in arrivals {
            self.write(arrival.number)
            self.write(arrival.event)
        }
    }
}

extension StateReader {
    fileprivate mutating func arrivals() throws(CheckpointError) -> [Arrival] {
        var arrivals: [Arrival] = []
        for _ in 0..<(try self.count(ofSize: 5)) {
            arrivals.append(Arrival(number: try self.tally(), event: try self.event()))
        }
        return arrivals
    }
}
