public import NIOCore

/// Brings answers from a node's loop to the event loops of those who asked: all answers of one turn in one hop for each
/// loop.
@usableFromInline
final class AnswerBatches: Sendable {
    @usableFromInline let eventLoop: any EventLoop
    private let waiting: NIOLoopBoundBox<Waiting>

    private struct Waiting {
        var batches: [ObjectIdentifier: (loop: any EventLoop, answers: [@Sendable () -> Void])] = [:]
        var isFlushPlanned = false
    }

    /// To be called on the node's loop, `eventLoop`.
    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.waiting = NIOLoopBoundBox(Waiting(), eventLoop: eventLoop)
    }

    /// Calls `answer` on `loop`: at once if that is the node's own. To be called on the node's.
    @inlinable
    func deliver(on loop: any EventLoop, _ answer: @escaping @Sendable () -> Void) {
        if loop === self.eventLoop { return answer() }
        self.enqueue(on: loop, answer)
    }

    @usableFromInline
    func enqueue(on loop: any EventLoop, _ answer: @escaping @Sendable () -> Void) {
        self.waiting.value.batches[ObjectIdentifier(loop), default: (loop, [])].answers.append(answer)
        guard !self.waiting.value.isFlushPlanned else { return }
        self.waiting.value.isFlushPlanned = true
        // Runs when what is being done now is done, and has answered everybody it could.
        self.eventLoop.execute { self.flush() }
    }

    private func flush() {
        self.waiting.value.isFlushPlanned = false
        for (loop, answers) in self.waiting.value.batches.values {
            loop.execute { for answer in answers { answer() } }
        }
        self.waiting.value.batches.removeAll(keepingCapacity: true)
    }
}
