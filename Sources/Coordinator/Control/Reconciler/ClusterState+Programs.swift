internal import ClusterState

extension ClusterState {
    /// The connectors whose names occur in a program as words, be it only in a comment: what is sent needlessly does
    /// no harm, and the program need not be parsed here.
    ///
    /// - Parameter broker: one that is needed besides.
    func connectors(mentionedIn source: String, and broker: ConnectorName? = nil) -> [Connector] {
        var words: Set<ConnectorName> = []
        if let broker { words.insert(broker) }
        for word in source.utf8.split(whereSeparator: { !Self.isWordByte($0) }) {
            words.insert(ConnectorName(String(Substring(word))))
        }
        return words.compactMap { self.connector($0) }.sorted { $0.name < $1.name }
    }

    /// Whether the program has a connection to a broker, by which a successor throws it out: it mentions one of the
    /// cluster's connectors that is such a one, or declares one, `connector Bus = mqtt(…)`.
    func isFencedByBroker(_ source: String) -> Bool {
        Self.declaresBroker(source) || self.connectors(mentionedIn: source).contains { $0.type == "mqtt" }
    }

    /// Whether the word `mqtt` stands before a parenthesis.
    private static func declaresBroker(_ source: String) -> Bool {
        let bytes = Array(source.utf8)
        var place = 0
        while place < bytes.count {
            let start = place
            while place < bytes.count, Self.isWordByte(bytes[place]) { place += 1 }
            if bytes[start..<place].elementsEqual("mqtt".utf8) {
                let next = bytes[place...].first { $0 != UInt8(ascii: " ") && !(9...13).contains($0) }
                if next == UInt8(ascii: "(") { return true }
            }
            if place == start { place += 1 }
        }
        return false
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
