/// How many requests each client may still make: so many a second, and twice as many at once. Pure; time is an argument.
///
/// For each client one number is kept: the instant at which its allowance will be whole again (the generic cell rate
/// algorithm). A request moves it on by one interval; it may not get further ahead than the allowance at once.
///
///     10 a second: interval 100 ms, 20 at once, so up to 2 s ahead
///     20 requests at 0 s      whole again at 2.0 s    all admitted
///     one more at 0 s         would be 2.1 s          refused: 100 ms too early
///
/// At most `clientsMax` clients are known; whoever was seen least lately is forgotten first.
struct RateLimits {
    private struct Client {
        var address: ClientAddress
        /// In nanoseconds.
        var isWholeAt: Int64
        /// Places of its neighbours in the order of last use; -1 at the ends.
        var newer: Int
        var older: Int
    }

    static let clientsMax = 10_000

    private let interval: Int64
    private let aheadMax: Int64
    private var clients: [Client] = []
    private var places: [ClientAddress: Int] = [:]
    private var newest = -1
    private var oldest = -1

    /// `perSecond`: at least 1.
    init(perSecond: Int) {
        self.interval = max(1, 1_000_000_000 / Int64(perSecond))
        self.aheadMax = self.interval * 2 * Int64(perSecond)
    }

    var clientCount: Int { self.clients.count }

    /// Takes a request at `now` (nanoseconds on any clock that runs on). Nil if it is admitted, else how many nanoseconds
    /// too early it is.
    mutating func take(from address: ClientAddress, at now: Int64) -> Int64? {
        let place = self.place(of: address)
        let isWholeAt = max(self.clients[place].isWholeAt, now) + self.interval
        let early = isWholeAt - now - self.aheadMax
        if early > 0 { return early }
        self.clients[place].isWholeAt = isWholeAt
        return nil
    }

    /// A request that was taken is to be taken again elsewhere.
    mutating func giveBack(to address: ClientAddress) {
        if let place = self.places[address] { self.clients[place].isWholeAt -= self.interval }
    }

    /// Where the client is, now the one seen last.
    private mutating func place(of address: ClientAddress) -> Int {
        let place: Int
        if let known = self.places[address] {
            place = known
            if place == self.newest { return place }
            self.unlink(place)
        } else if self.clients.count < Self.clientsMax {
            place = self.clients.count
            self.clients.append(Client(address: address, isWholeAt: .min, newer: -1, older: -1))
            self.places[address] = place
        } else {
            place = self.oldest
            self.unlink(place)
            self.places[self.clients[place].address] = nil
            self.clients[place] = Client(address: address, isWholeAt: .min, newer: -1, older: -1)
            self.places[address] = place
        }
        self.clients[place].newer = -1
        self.clients[place].older = self.newest
        if self.newest >= 0 { self.clients[self.newest].newer = place }
        self.newest = place
        if self.oldest < 0 { self.oldest = place }
        return place
    }

    private mutating func unlink(_ place: Int) {
        let (newer, older) = (self.clients[place].newer, self.clients[place].older)
        if newer >= 0 { self.clients[newer].older = older } else { self.newest = older }
        if older >= 0 { self.clients[older].newer = newer } else { self.oldest = newer }
    }
}
