import Engine
import Floor

/// What `Floor` has for a scenario: a loop over lines, and one over parsed ticks.
struct FloorLoops: Sendable {
    let fromJSON: @Sendable (UnsafePointer<CChar>?, Int) -> floor_result
    let fromTicks: @Sendable (UnsafePointer<floor_tick>?, Int, Int, Int64) -> floor_result
    /// Reads lines of the scenario's form.
    var parse: @Sendable (UnsafePointer<CChar>?, Int, UnsafeMutablePointer<floor_tick>?, Int) -> Int = floor_parse

    static let filter = FloorLoops(fromJSON: floor_filter_json, fromTicks: floor_filter)
    static let aggregate = FloorLoops(fromJSON: floor_aggregate_json, fromTicks: floor_aggregate)
    static let join = FloorLoops(fromJSON: floor_join_json, fromTicks: floor_join)
    static let crossover = FloorLoops(fromJSON: floor_crossover_json, fromTicks: floor_crossover)
    static let sequence = FloorLoops(fromJSON: floor_sequence_json, fromTicks: floor_sequence)
    static let sequence3 = FloorLoops(fromJSON: floor_sequence3_json, fromTicks: floor_sequence3)
    static let kleene = FloorLoops(fromJSON: floor_kleene_json, fromTicks: floor_kleene)
    static let rising = FloorLoops(fromJSON: floor_rising_json, fromTicks: floor_rising)
    static let negation = FloorLoops(fromJSON: floor_negation_json, fromTicks: floor_negation)

    func runJSON(_ ticks: Ticks) -> Run {
        ticks.bytes.withUnsafeBytes { bytes in
            let text = bytes.assumingMemoryBound(to: CChar.self).baseAddress
            let watch = Stopwatch()
            let result = self.fromJSON(text, ticks.length)
            return Run(watch, events: ticks.count, outputs: result.outputs)
        }
    }

    /// The first events, again and again: see `EngineRuns.runColumns`.
    func runColumns(_ ticks: Ticks) -> Run {
        var parsed = [floor_tick](repeating: floor_tick(), count: BatchPipeline.rowsMax)
        return ticks.bytes.withUnsafeBytes { bytes in
            let text = bytes.assumingMemoryBound(to: CChar.self).baseAddress
            let count = self.parse(text, ticks.length, &parsed, parsed.count)
            let rounds = ticks.count / count
            let watch = Stopwatch()
            let result = self.fromTicks(parsed, count, rounds, Int64(count))
            return Run(watch, events: rounds * count, outputs: result.outputs)
        }
    }
}
