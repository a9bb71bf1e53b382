import Engine
import Hummingbird

/// The answer to a batch: how many of its events were taken, what the others were, and what came of them.
struct BatchAnswer {
    private let head: String
    private let tail: String

    /// - Parameters:
    ///   - count: How many events or lines there were.
    ///   - isLines: Lines always tell how many were none; a document only where the engine refused some that look like
    ///     events.
    init(
        count: Int,
        _ rejections: RejectionCounts,
        isLines: Bool = false,
        isOutputCut: Bool = false,
        since started: ContinuousClock.Instant
    ) {
        let rejected = rejections.total
        var head = #"{"accepted":\#(UInt64(count) - rejected)"#
        if isLines || rejected > 0 {
            let reasons = rejections.byCode.map { #""\#($0.code.rawValue)":\#($0.count)"# }.joined(separator: ",")
            head += #","rejected":\#(rejected),"rejections":{\#(reasons)}"#
        }
        self.head = head + #","output_events":"#
        let (seconds, attoseconds) = (ContinuousClock.now - started).components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        self.tail = (isOutputCut ? #","output_cut":true"# : "") + #","processing_time_us":\#(microseconds)}"#
    }

    /// - Parameter output: A JSON array.
    func response(_ output: [UInt8]) -> Response {
        .json(.ok, bytes: Array(self.head.utf8) + output + Array(self.tail.utf8))
    }
}
