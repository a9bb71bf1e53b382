import NIOCore
import RaftCore
import RaftTransport

extension NodeLoop {
    func read(_ mode: ReadMode, timeout: TimeAmount, _ answer: @escaping ReadAnswer) {
        guard let id = self.enlist(timeout, answer) else { return }
        self.post([.read(id, mode)])
    }

    /// Waits until this member has applied `index`, whoever leads.
    func read(atLeast index: LogIndex, timeout: TimeAmount, _ answer: @escaping ReadAnswer) {
        guard let id = self.enlist(timeout, answer) else { return }
        self.granted.append((id, index))
        self.answerGranted()
    }

    private func enlist(_ timeout: TimeAmount, _ answer: @escaping ReadAnswer) -> ReadID? {
        if self.isStopped {
            answer(.failure(.notServed(leader: nil)))
            return nil
        }
        guard self.readers.count < self.limits.openReadsMax else {
            answer(.failure(.overloaded))
            return nil
        }
        let id = ReadID(self.newID())
        self.readers.add(answer, as: id, timeout: timeout)
        return id
    }

    /// Answers the reads whose index is applied. The others wait; those whose time is up are forgotten now and then.
    func answerGranted() {
        guard !self.granted.isEmpty else { return }
        let index = self.applied.index
        let local = self.local
        self.granted.removeAll { grant in
            guard grant.index <= index else { return false }
            self.readers.remove(grant.read)?(.success(local))
            return true
        }
        if self.granted.count > 2 * self.readers.count + 64 {
            self.granted.removeAll { !self.readers.contains($0.read) }
        }
    }
}
