import Threads

/// Tells the source of a batch when everything that came of it has arrived.
///
/// The engine holds one share while it processes the batch, and each delivery that must be acknowledged holds one more.
final class BatchReceipt: Sendable {
    private struct Contents {
        var outstanding = 1
        var isLost = false
        /// Nobody waits for the shares any more.
        var isAbandoned = false
        var onEnd: (@Sendable () -> Void)?

        var hasEnded: Bool { self.outstanding == 0 || self.isAbandoned }
    }

    private let contents = Monitor(Contents())
    /// Whether the batch comes again if something of it is lost: a source's does, a request's does not.
    let comesAgain: Bool

    init(comesAgain: Bool = true) {
        self.comesAgain = comesAgain
    }

    func addShare() {
        self.contents.withLock { $0.outstanding += 1 }
    }

    /// Gives a share back. `isLost` says that the delivery could not be made, because the pipeline stopped or for a
    /// reason that will pass, so that whoever continues must have the batch again.
    func settle(isLost: Bool = false) {
        let onEnd = self.contents.change { contents -> (@Sendable () -> Void)? in
            contents.outstanding -= 1
            contents.isLost = contents.isLost || isLost
            return contents.hasEnded ? contents.onEnd.take() : nil
        }
        onEnd?()
    }

    /// Counts what is outstanding as lost: the pipeline that took the batch in stops.
    func abandon() {
        let onEnd = self.contents.change { contents in
            contents.isLost = contents.isLost || !contents.hasEnded
            contents.isAbandoned = true
            return contents.onEnd.take()
        }
        onEnd?()
    }

    /// Has `body` called, once, when all shares are back or the receipt is abandoned, whichever is first. To be set
    /// while a share is held.
    func whenEnded(_ body: @escaping @Sendable () -> Void) {
        self.contents.withLock { $0.onEnd = body }
    }

    /// Blocks the calling thread until all shares are back; true if nothing was lost.
    func wait() -> Bool {
        self.contents.wait { $0.hasEnded ? !$0.isLost : nil }
    }
}
