import ClusterAPI
import ClusterState

/// Sends a batch of events to the workers: in order to each placement, to several placements side by side.
struct BatchInjection: Sendable {
    let group: ClusterState.Group
    let state: ClusterState
    let workers: WorkerClient
    let requestID: String
    /// How many bytes of output the answer may have.
    let outputBytesMax: Int
    let deadline: ContinuousClock.Instant

    /// Placements that are sent to at once.
    static let concurrency = 8
    static let errorsMax = 100

    /// What became of the events for one placement.
    struct Outcome: Sendable {
        var sent = 0
        var failed = 0
        /// What came out, from the first on, and how many bytes each takes in an answer.
        private(set) var outputs: [(event: [String: JSONValue], byteCount: Int)] = []
        private var outputBytes = 0
        /// How many more came out.
        private(set) var outputsLeftOut = 0
        var errors: [String] = []

        /// Keeps no more output than an answer may have.
        mutating func keep(_ events: [[String: JSONValue]], bytesMax: Int) {
            for (place, event) in events.enumerated() {
                let byteCount = JSONValue.object(event).text.utf8.count
                guard self.outputsLeftOut == 0, self.outputBytes + byteCount <= bytesMax else {
                    self.outputsLeftOut += events.count - place
                    return
                }
                self.outputs.append((event, byteCount))
                self.outputBytes += byteCount
            }
        }
    }

    func send(_ lanes: [Int: EventLanes.Lane]) async -> InjectBatchResponse {
        let started = ContinuousClock.now
        let outcomes = await withTaskGroup(of: (Int, Outcome).self) { tasks in
            var outcomes: [Int: Outcome] = [:]
            var waiting = lanes.sorted { $0.key < $1.key }[...]
            for _ in 0..<Self.concurrency {
                guard let (place, lane) = waiting.popFirst() else { break }
                tasks.addTask { (place, await self.send(lane, to: place)) }
            }
            for await (place, outcome) in tasks {
                outcomes[place] = outcome
                if let (place, lane) = waiting.popFirst() {
                    tasks.addTask { (place, await self.send(lane, to: place)) }
                }
            }
            return outcomes
        }
        return self.answer(outcomes.sorted { $0.key < $1.key }.map(\.value), since: started)
    }

    /// What follows a failure is not sent: it would arrive out of order.
    private func send(_ lane: EventLanes.Lane, to place: Int) async -> Outcome {
        let placement = self.group.placements[place]
        let name = self.group.key(of: placement).name
        var outcome = Outcome()
        var next = 0
        while next < lane.ends.count {
            do throws(WorkerClient.Failure) {
                guard placement.status == .running, let worker = placement.worker.flatMap({ self.state.worker($0) })
                else { throw WorkerClient.Failure(status: 409, description: "it is not deployed") }
                guard self.deadline > .now else {
                    throw WorkerClient.Failure(status: 408, description: "the time for the request is up")
                }
                let chunk = lane.chunk(from: next)
                let answer = try await self.workers.inject(
                    lines: chunk.bytes,
                    into: placement.pipelineID,
                    at: worker,
                    for: self.requestID
                )
                outcome.sent += answer.accepted
                outcome.failed += answer.rejected
                if answer.rejected > 0 {
                    outcome.errors.append("Pipeline '\(name)': its worker refused \(answer.rejected) events")
                }
                outcome.keep(answer.outputEvents, bytesMax: self.outputBytesMax)
                next += chunk.count
            } catch {
                let left = lane.ends.count - next
                outcome.failed += left
                let doubt = error.isCertain ? "" : "; some of them may have arrived"
                outcome.errors.append("Pipeline '\(name)': \(error) (\(left) events\(doubt))")
                break
            }
        }
        return outcome
    }

    private func answer(_ outcomes: [Outcome], since started: ContinuousClock.Instant) -> InjectBatchResponse {
        var errors = outcomes.flatMap(\.errors)
        let outputs = outcomes.flatMap(\.outputs)
        var (kept, bytes) = (0, 0)
        while kept < outputs.count {
            bytes += outputs[kept].byteCount
            if bytes > self.outputBytesMax { break }
            kept += 1
        }
        let leftOut = outcomes.reduce(outputs.count - kept) { $0 + $1.outputsLeftOut }
        if leftOut > 0 {
            errors.append("\(leftOut) output events are left out: the answer would be too large")
        }
        if errors.count > Self.errorsMax {
            let more = errors.count - Self.errorsMax + 1
            errors = errors.prefix(Self.errorsMax - 1) + ["and \(more) more"]
        }
        let (seconds, attoseconds) = (ContinuousClock.now - started).components
        return InjectBatchResponse(
            eventsSent: outcomes.reduce(0) { $0 + $1.sent },
            eventsFailed: outcomes.reduce(0) { $0 + $1.failed },
            outputEvents: outputs.prefix(kept).map(\.event),
            errors: errors,
            processingTimeMicroseconds: UInt64(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
        )
    }
}
