import ClusterAPI
import ClusterState
import Synchronization

/// How many events workers process in a second, from what each said last and before that.
final class EventRates: Sendable {
    private struct Sample {
        var events: UInt64
        var received: ContinuousClock.Instant
        var perSecond = 0.0
    }

    private let samples = Mutex<[WorkerID: Sample]>([:])

    /// Takes in what workers have said meanwhile. A worker that begins again with a smaller number was started anew.
    func note(_ reports: [WorkerID: WorkerReports.Report]) {
        self.samples.withLock { samples in
            samples = samples.filter { reports[$0.key] != nil }
            for (worker, report) in reports {
                let events = report.heartbeat.eventsProcessed
                guard let last = samples[worker] else {
                    samples[worker] = Sample(events: events, received: report.received)
                    continue
                }
                let milliseconds = (report.received - last.received).milliseconds
                guard milliseconds > 0 else { continue }
                let more = events >= last.events ? events - last.events : events
                samples[worker] = Sample(
                    events: events,
                    received: report.received,
                    perSecond: Double(more) * 1_000 / Double(milliseconds)
                )
            }
        }
    }

    /// Of all workers that have been heard since that moment.
    func perSecond(since moment: ContinuousClock.Instant) -> Double {
        self.samples.withLock { samples in
            samples.values.reduce(0) { $0 + ($1.received >= moment ? $1.perSecond : 0) }
        }
    }
}
