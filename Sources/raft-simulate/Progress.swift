import Foundation

/// One line on a terminal that tells how far a long run has come; nothing where nobody watches.
struct Progress: Sendable {
    private let isOn = isatty(STDERR_FILENO) == 1
    private let seeds: UInt64

    init(of seeds: UInt64) { self.seeds = seeds }

    func show(done: UInt64, steps: Int) {
        guard self.isOn, done % max(1, self.seeds / 200) == 0 else { return }
        self.write("\r\(done) of \(self.seeds) seeds, \(steps) steps")
    }

    func end() { if self.isOn { self.write("\r\u{1b}[K") } }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
