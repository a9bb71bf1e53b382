/// What the commands of one request were answered, by their parts. Nearly always one.
struct Replies: Sendable {
    private(set) var items: [(part: UInt8, reply: [UInt8])] = []

    func reply(to part: UInt8) -> [UInt8]? {
        for item in self.items where item.part == part { return item.reply }
        return nil
    }

    /// Keeps the reply to a part that has none yet, in the order of the parts.
    mutating func keep(_ reply: [UInt8], to part: UInt8) {
        let place = self.items.firstIndex { $0.part > part } ?? self.items.endIndex
        self.items.insert((part, reply), at: place)
    }

    var weight: Int { self.items.reduce(0) { $0 + Self.weight(of: $1.reply) } }

    static func weight(of reply: [UInt8]) -> Int { reply.count + SessionLimits.replyOverhead }
}
