/// `context Name (cores: [..])`: streams that run on a thread of their own.
struct PlannedContext: Sendable {
    let name: String
    let cores: [Int64]
}
