import Logging
import RaftCore
import RaftTransport

#if canImport(Glibc)
    import Glibc
#endif

extension NodeLoop {
    /// Applies what is committed and answers everybody whose wait is over.
    func answer() {
        let effects = self.effects
        var completed = effects.completed.makeIterator()
        var next = completed.next()
        if let committed = effects.committed {
            let first = self.applied.index.next
            for entry in self.ask({ $0.entries(from: first, through: committed) }) ?? [] {
                self.apply(entry)
                if self.schedule.applied(entry) { self.capture() }
                guard let done = next, done.position.index == entry.index else { continue }
                switch entry.kind {
                case .command: self.writers.remove(done.proposal)?(.success(()))
                case .membership: self.changed(entry, by: done.proposal)
                default: break
                }
                next = completed.next()
            }
        }
        for watcher in self.applyWatchers.remove(where: { $0.beyond < self.applied.index }) { watcher.wake() }
        for refusal in effects.refused {
            self.writers.remove(refusal.proposal)?(.failure(refusal.error))
            self.changers.remove(refusal.proposal)?(.failure(refusal.error))
        }
        for grant in effects.grantedReads { self.granted.append((grant.read, grant.index)) }
        self.answerGranted()
        for refusal in effects.refusedReads {
            self.readers.remove(refusal.read)?(.failure(.notServed(leader: refusal.leader)))
        }
    }

    private func apply(_ entry: Entry) {
        self.applied = entry.position
        switch entry.kind {
        case .noop, .membership: break
        case .command: self.host.apply(entry)
        default:
            // Members that know the kind apply it; going on without it would make this state another one.
            self.logger.critical("an entry of an unknown kind is committed, stopping; upgrade this member")
            exit(70)
        }
    }
}
