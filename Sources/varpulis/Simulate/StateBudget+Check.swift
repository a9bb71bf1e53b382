import Engine

extension StateBudget {
    /// Throws if a stream holds more than it may. A file does not wait until it holds less.
    func check(_ states: () -> [StreamState]) throws {
        guard self.bytesPerStream < .max, let state = self.overrun(among: states()) else { return }
        let advice =
            self.policy == .fail ? "" : ": give it more, or let its runs give way by --when-full refuse or drop-oldest"
        throw FileFailure(description: "\(state), more than --stream-memory allows\(advice)")
    }
}
