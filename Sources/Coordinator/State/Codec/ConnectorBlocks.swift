internal import HashTreeCollections

/// Connectors as they are read from a snapshot. They may be a hundred thousand, and nobody is served before the last
/// one is in its place.
///
/// So they are not each given memory of their own; nor do all of them keep the whole snapshot's for as long as one of
/// them lives. Some neighbours share a block.
struct ConnectorBlocks {
    private typealias Connector = ClusterState.Connector

    /// Each is moved out when it gets to its place: counting one more owner of its block, and soon one less, would take
    /// longer than that.
    private var connectors: [(name: ConnectorName, connector: Connector)?] = []
    /// The part of the table's tree that each belongs to.
    private var parts: [UInt16] = []

    /// What a block has at least, unless it is the last.
    private static let blockBytes = 16_000
    private static let partCount = 1_024

    /// Reads a list whose names have to rise strictly.
    init(_ reader: inout ByteReader) throws(DecodingFailure) {
        var members: [(name: ConnectorName, end: Int)] = []
        var last: ConnectorName?
        var rest = try reader.number()
        while rest > 0 {
            let start = reader.offset
            members.removeAll(keepingCapacity: true)
            while rest > 0, reader.offset - start < Self.blockBytes {
                let name = try Connector.skip(&reader)
                if let last, name <= last { throw reader.failure(.invalid, "the keys of a list are not in order") }
                members.append((name, reader.offset - start))
                last = name
                rest -= 1
            }
            let block = reader.bytes(from: start)
            var place = 0
            for (name, end) in members {
                self.connectors.append((name, Connector(checked: block, place..<end)))
                // The lowest bits of a name's hash say where in the tree it belongs.
                self.parts.append(UInt16(truncatingIfNeeded: name.hashValue & (Self.partCount - 1)))
                place = end
            }
        }
    }

    /// Those that belong together are put in one after the other, while that part of the tree is in the processor's
    /// cache.
    consuming func table() -> TreeDictionary<ConnectorName, ClusterState.Connector> {
        var starts = [Int](repeating: 0, count: Self.partCount + 1)
        for part in self.parts { starts[Int(part) + 1] += 1 }
        for part in 1...Self.partCount { starts[part] += starts[part - 1] }
        var order = [UInt32](repeating: 0, count: self.parts.count)
        for (place, part) in self.parts.enumerated() {
            order[starts[Int(part)]] = UInt32(place)
            starts[Int(part)] += 1
        }
        var table: TreeDictionary<ConnectorName, ClusterState.Connector> = [:]
        for place in order {
            guard let (name, connector) = self.connectors[Int(place)].take() else { continue }
            table.updateValue(connector, forKey: name)
        }
        return table
    }
}
