import NIOCore

/// Brings answers from a node's loop to the event loops of those who asked: all answers of one turn in one hop for each
/// loop. Belongs to the node's loop.
final class AnswerBatches {
    private let eventLoop: any EventLoop
    private var batches: [ObjectIdentifier: (loop: any EventLoop, answers: [@Sendable () -> Void])] = [:]
    private var isFlushPlanned = false

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// Calls `answer` on `loop`: at once if that is the node's own.
    func deliver(on loop: any EventLoop, _ answer: @escaping @Sendable () -> Void) {
        if loop === self.eventLoop { return answer() }
        self.batches[ObjectIdentifier(loop), default: (loop, [])].answers.append(answer)
        guard !self.isFlushPlanned else { return }
        self.isFlushPlanned = true
        let batches = NIOLoopBound(self, eventLoop: self.eventLoop)
        // Runs when what is being done now is done, and has answered everybody it could.
        self.eventLoop.execute { batches.value.flush() }
    }

    private func flush() {
        self.isFlushPlanned = false
        for (loop, answers) in self.batches.values { loop.execute { for answer in answers { answer() } } }
        self.batches.removeAll(keepingCapacity: true)
    }
}
