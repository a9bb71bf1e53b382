extension Checkpoint {
    /// What a checkpoint knows beside what operators remember.
    public struct Manifest: Sendable {
        /// Tells programs apart: a changed one has another, and may still fit.
        public internal(set) var program: UInt64
        /// The names of the program's streams.
        public internal(set) var streams: [String]
        /// How many events were processed, how many emitted, and how often limits were met.
        public internal(set) var counters: Pipeline.Counters
        /// What was cut of payloads.
        public internal(set) var cuts: EventCuts
        /// The variables that functions of the program may change.
        var globals: [(name: String, value: Value?)] = []
        /// Where each source of events stood, in whatever way it tells that: the engine only keeps it.
        public var positions: [String: [UInt8]] = [:]
        /// Up to which time events of each source have come, in nanoseconds.
        public var watermarks: [String: Int64] = [:]
        /// What was known of how events arrived: for whoever keeps them.
        var numbers: [(name: String, value: Int64)] = []

        init(_ plan: Plan, _ counters: Pipeline.Counters, _ cuts: EventCuts) {
            self.program = plan.fingerprint
            self.streams = plan.streamNames
            self.counters = counters
            self.cuts = cuts
        }

        // MARK: - Bytes

        func write(to writer: inout StateWriter) {
            writer.write(fixed: self.program)
            writer.write(count: self.streams.count)
            for stream in self.streams { writer.write(stream) }
            for number in self.counterValues { writer.write(number) }
            writer.write(count: self.globals.count)
            for (name, value) in self.globals {
                writer.write(name)
                writer.write(value)
            }
            writer.write(count: self.positions.count)
            for (name, position) in self.positions.sorted(by: { $0.key < $1.key }) {
                writer.write(name)
                writer.write(bytes: position)
            }
            writer.write(count: self.watermarks.count)
            for (name, time) in self.watermarks.sorted(by: { $0.key < $1.key }) {
                writer.write(name)
                writer.write(time)
            }
            writer.write(count: self.numbers.count)
            for (name, value) in self.numbers {
                writer.write(name)
                writer.write(value)
            }
        }

        /// Processed, emitted, the limits, and what was cut, in this order.
        private var counterValues: [UInt64] {
            let limits = self.counters.limits
            return [
                self.counters.processed, self.counters.emitted, limits.resultsTooDeep, limits.evaluationsCut,
                self.cuts.strings, self.cuts.arrays, self.cuts.nested, self.cuts.events,
            ]
        }

        init(from reader: inout StateReader) throws(CheckpointError) {
            self.program = try reader.fixed(UInt64.self)
            self.streams = []
            for _ in 0..<(try reader.count()) { self.streams.append(try reader.text()) }
            self.counters = Pipeline.Counters()
            self.cuts = EventCuts()
            self.counters.processed = try reader.tally()
            self.counters.emitted = try reader.tally()
            self.counters.limits.resultsTooDeep = try reader.tally()
            self.counters.limits.evaluationsCut = try reader.tally()
            self.cuts.strings = try reader.tally()
            self.cuts.arrays = try reader.tally()
            self.cuts.nested = try reader.tally()
            self.cuts.events = try reader.tally()
            for _ in 0..<(try reader.count(ofSize: 2)) { self.globals.append((try reader.text(), try reader.value())) }
            for _ in 0..<(try reader.count(ofSize: 2)) {
                let name = try reader.text()
                self.positions[name] = Array(try reader.sized())
            }
            for _ in 0..<(try reader.count(ofSize: 2)) {
                let name = try reader.text()
                self.watermarks[name] = try reader.signed()
            }
            for _ in 0..<(try reader.count(ofSize: 2)) {
                self.numbers.append((try reader.text(), try reader.signed()))
            }
        }
    }
}
