import Threads

/// Tells the source of a batch when everything that came of it has arrived.
///
/// The engine holds one share while it processes the batch, and each delivery that must be acknowledged holds one more.
final class BatchReceipt: Sendable {
    private struct Contents {
        var outstanding = 1
        var isLost = false
    }

    private let contents = Monitor(Contents())

    func addShare() {
        self.contents.withLock { $0.outstanding += 1 }
    }

    /// Gives a share back. `isLost` says that the pipeline stopped before the delivery could be made, so that whoever
    /// continues must have the batch again.
    func settle(isLost: Bool = false) {
        self.contents.change { contents in
            contents.outstanding -= 1
            contents.isLost = contents.isLost || isLost
        }
    }

    /// Blocks the calling thread until all shares are back; true if nothing was lost.
    func wait() -> Bool {
        self.contents.wait { $0.outstanding == 0 ? !$0.isLost : nil }
    }
}
