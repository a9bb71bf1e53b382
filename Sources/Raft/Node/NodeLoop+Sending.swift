import NIOCore
import RaftCore
import RaftTransport

extension NodeLoop {
    private static var newsPatience: TimeAmount { .milliseconds(1) }

    /// Sends this turn's messages, but for news that can wait.
    func send() {
        guard !self.effects.messages.isEmpty else { return }
        // Who no longer leads has nothing more to say, and nobody to say it in its place.
        let isLeader = self.ask { $0.roleName == .leader }
        for envelope in self.effects.messages where !(isLeader && self.news.keeps(envelope)) {
            self.transport.send(envelope.message, to: envelope.to)
        }
        self.transport.flush()
        self.planNews()
    }

    private func planNews() {
        guard !self.isNewsPlanned, !self.news.isEmpty else { return }
        self.isNewsPlanned = true
        let loop = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.eventLoop.scheduleTask(in: Self.newsPatience) { loop.value.tellNews() }
    }

    private func tellNews() {
        self.isNewsPlanned = false
        guard !self.isStopped, !self.news.isEmpty else { return }
        for envelope in self.news.take() { self.transport.send(envelope.message, to: envelope.to) }
        self.transport.flush()
    }
}
