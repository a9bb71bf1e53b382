/// Somebody who sends and receives.
enum Party: Hashable {
    case coordinator(Int)
    case worker(Int)
    case broker(Int)
    case operators
}

/// Which way is open from whom to whom. A message that is on its way when a link dies is lost with it.
struct Network {
    private let coordinators: Int
    private let workers: Int
    private let count: Int
    /// Until when the way is closed, by place of the sender and the receiver.
    private var closedUntil: [Moment]

    init(_ faults: Faults) {
        self.coordinators = faults.coordinators
        self.workers = faults.workers
        self.count = faults.coordinators + faults.workers + faults.brokers + 1
        self.closedUntil = Array(repeating: 0, count: self.count * self.count)
    }

    /// Everybody, in a fixed order.
    var parties: [Party] { (0..<self.count).map(self.party) }

    func isOpen(_ from: Party, _ to: Party, at now: Moment) -> Bool {
        self.closedUntil[self.place(from) * self.count + self.place(to)] <= now
    }

    /// Closes one direction.
    mutating func close(_ from: Party, _ to: Party, until end: Moment) {
        let way = self.place(from) * self.count + self.place(to)
        self.closedUntil[way] = max(self.closedUntil[way], end)
    }

    mutating func openAll() { for way in self.closedUntil.indices { self.closedUntil[way] = 0 } }

    private func place(_ party: Party) -> Int {
        switch party {
        case .coordinator(let place): place
        case .worker(let place): self.coordinators + place
        case .broker(let place): self.coordinators + self.workers + place
        case .operators: self.count - 1
        }
    }

    private func party(_ place: Int) -> Party {
        if place < self.coordinators { return .coordinator(place) }
        if place < self.coordinators + self.workers { return .worker(place - self.coordinators) }
        return place == self.count - 1 ? .operators : .broker(place - self.coordinators - self.workers)
    }
}
