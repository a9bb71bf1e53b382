import Logging
import NIOCore
import RaftCore
import RaftStorage

extension NodeLoop {
    // MARK: Taking

    /// Hands a copy of the state, as it is after the last applied entry, to the snapshots' thread. One at a time: when
    /// the disk is slower than the log grows, fewer snapshots are taken.
    func capture() {
        guard !self.isCapturing, let description = self.core.description(at: self.applied.index) else { return }
        self.isCapturing = true
        let loop = NIOLoopBound(self, eventLoop: self.eventLoop)
        let eventLoop = self.eventLoop
        self.snapshots.capture(
            position: description.position,
            time: description.time,
            membership: description.membership,
            encode: self.host.picture,
            done: { result in eventLoop.execute { loop.value.captured(result) } }
        )
    }

    private func captured(_ result: Result<Snapshot, StorageError>) {
        self.isCapturing = false
        if self.isStopped { return }
        switch result {
        case .success(let snapshot):
            self.status.snapshots.taken += 1
            self.status.snapshots.bytes = snapshot.size
            self.status.snapshots.lastTaken = .now
            self.schedule.captured(snapshot)
            self.post([.captured(snapshot)])
        case .failure(let error):
            self.status.snapshots.failed += 1
            self.logger.error("a snapshot could not be taken", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Pulling

    /// A snapshot of another member's is here. The core decides whether it is still wanted.
    func arrived(_ snapshot: Snapshot, _ machine: any StateMachine) {
        self.fetched = (snapshot.id, machine)
        self.post([.fetched(snapshot)])
    }

    func install(_ snapshot: Snapshot) {
        guard let fetched = self.fetched.take(), fetched.id == snapshot.id else {
            preconditionFailure("The core installs a snapshot that was not fetched.")
        }
        self.host.replace(by: fetched.machine)
        self.applied = snapshot.position
        self.schedule = SnapshotSchedule(self.settings, last: snapshot)
        self.status.snapshots.installed += 1
        self.status.snapshots.bytes = snapshot.size
        self.logger.info("installed a snapshot", metadata: ["position": "\(snapshot.position)"])
    }

    /// Tells the snapshots' thread what may still be asked for, when that has changed.
    func keepSnapshots() {
        let (snapshots, fetching) = self.ask { ($0.snapshots, $0.fetching?.id) }
        self.fetcher?.keep(fetching)
        guard snapshots != self.kept.snapshots || fetching != self.kept.fetching else { return }
        self.kept = (snapshots, fetching)
        self.snapshots.keep(only: snapshots.map(\.id) + (fetching.map { [$0] } ?? []))
    }

    func noteTransfer() {
        self.status.snapshots.chunksReceived = self.fetcher?.chunksReceived ?? self.status.snapshots.chunksReceived
        self.status.snapshots.pulled = self.fetcher?.progress.map { snapshot, stored in
            .init(position: snapshot.position, chunksHere: stored, chunks: snapshot.chunkCount)
        }
    }
}
