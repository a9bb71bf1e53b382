import Synchronization

/// The coordinators that this worker knows, as base URLs: those it was started with, and those that belong to the
/// cluster now, as a coordinator has told. Kept in memory only.
final class CoordinatorList: Sendable {
    private struct State {
        var urls: [String]
        /// The one to have a session with, if possible.
        var current: String?
        /// The one that answered the last call; nil for the one above.
        var answering: String?
    }

    private let configured: [String]
    private let state: Mutex<State>
    /// A cluster has far fewer.
    private static let membersMax = 64
    private static let urlBytesMax = 512

    /// `workerID`: workers begin with different coordinators, so that each has its share of them.
    init(_ urls: [String], spreadBy workerID: String) {
        var configured: [String] = []
        for url in urls.map(Self.plain) where !configured.contains(url) { configured.append(url) }
        self.configured = configured
        let current = configured.isEmpty ? nil : configured[Int(Self.number(workerID) % UInt64(configured.count))]
        self.state = Mutex(State(urls: configured, current: current))
    }

    /// The number at the end of an id, which those of one set have in turn; of another id, its hash (FNV-1a).
    private static func number(_ id: String) -> UInt64 {
        let digits = String(id.reversed().prefix { $0.isASCII && $0.isNumber }.reversed())
        if let number = UInt64(digits) { return number }
        return id.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// All of them, in the order in which to try to have a session.
    var urls: [String] { self.state.withLock { Self.rotated($0.urls, to: $0.current) } }

    /// All of them, in the order in which to call them.
    var urlsToCall: [String] { self.state.withLock { Self.rotated($0.urls, to: $0.answering ?? $0.current) } }

    private static func rotated(_ urls: [String], to url: String?) -> [String] {
        guard let start = url.flatMap(urls.firstIndex) else { return urls }
        return Array(urls[start...] + urls[..<start])
    }

    /// With this one there is a session.
    func prefer(_ url: String) {
        self.state.withLock { state in
            state.current = url
            state.answering = nil
        }
    }

    /// This one has answered a call.
    func noteAnswer(of url: String) { self.state.withLock { $0.answering = url } }

    /// With this one there is none any more: the one behind it comes first, if nobody has another preference by now.
    func leave(_ url: String) {
        self.state.withLock { state in
            guard state.current == url, let place = state.urls.firstIndex(of: url) else { return }
            state.current = state.urls[(place + 1) % state.urls.count]
        }
    }

    /// These are the cluster's coordinators now. Those that the worker was started with stay, behind them: they may be
    /// other ways to the same ones, or all that is left one day.
    func refresh(_ members: [String]) {
        var urls: [String] = []
        for url in members.prefix(Self.membersMax).map(Self.plain) + self.configured
        where Self.isPlausible(url) && !urls.contains(url) {
            urls.append(url)
        }
        guard !urls.isEmpty else { return }
        self.state.withLock { $0.urls = urls }
    }

    private static func isPlausible(_ url: String) -> Bool {
        url.utf8.count <= Self.urlBytesMax && (url.hasPrefix("http://") || url.hasPrefix("https://"))
    }

    private static func plain(_ url: String) -> String { url.hasSuffix("/") ? String(url.dropLast()) : url }
}
