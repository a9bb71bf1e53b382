import Engine
import Threads

/// What the thread of a context gets from the one that feeds all: a round, at a barrier with what is to be done there.
struct RoundMessage: Sendable {
    let round: ContextRound
    let hook: (@Sendable (ContextPart) throws -> Void)?
}

/// The thread of one context: takes round after round, together with what other contexts made of it, until the last.
struct ContextThread: Sendable {
    let number: Int
    let part: ContextPart
    let core: Int?
    let input: HandOverQueue<RoundMessage>
    /// By edge that comes to the context.
    let sources: [HandOverQueue<[ContextArrival]>]
    /// By edge that leaves it.
    let targets: [HandOverQueue<[ContextArrival]>]
    let progress: Monitor<ContextProgress>
    let stop: @Sendable () -> Void

    func run() {
        self.begin()
        while let message = self.input.take() {
            var arrivals: [[ContextArrival]] = []
            for source in self.sources {
                guard let batch = source.take() else { return }
                arrivals.append(batch)
            }
            do {
                try message.hook?(self.part)
            } catch {
                self.progress.change { progress in
                    progress.failure = progress.failure ?? ContextFailure(context: self.part.name, message: "\(error)")
                }
                return self.stop()
            }
            let result = self.part.take(message.round, arrivals)
            for (target, departures) in zip(self.targets, result.departures) {
                guard target.put(departures, events: departures.count) else { return }
            }
            // Once that is said, the round may be made into another.
            let isLast = if case .end = message.round.kind { true } else { false }
            self.progress.change { $0.results[self.number].append(result.outputs) }
            if isLast { return }
        }
    }

    private func begin() {
        let isPinned = self.core.map { ThreadAffinity.pin(to: $0) } ?? true
        let cores = ThreadAffinity.cores
        self.progress.change { progress in
            progress.cores[self.number] = cores
            if !isPinned { progress.unpinned.insert(self.number) }
        }
    }
}
