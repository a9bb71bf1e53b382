internal import HashTreeCollections

/// Connectors as they are read from a snapshot. They may be a hundred thousand, and nobody is served before the last
/// one is in its place.
///
/// So they are not each given memory of their own; nor do all of them keep the whole snapshot's for as long as one of
/// them lives. Some neighbours share a block.
struct ConnectorBlocks {
    private typealias Connector = ClusterState.Connector

    private var connectors: [(name: ConnectorName, connector: Connector)] = []

    /// What a block has at least, unless it is the last.
    private static let blockBytes = 16_000

    /// Reads a list whose names have to rise strictly.
    init(_ reader: inout ByteReader) throws(DecodingFailure) {
        var ends: [Int] = []
        var rest = try reader.number()
        while rest > 0 {
            let start = reader.offset
            ends.removeAll(keepingCapacity: true)
            while rest > 0, reader.offset - start < Self.blockBytes {
                try Connector.skip(&reader)
                ends.append(reader.offset - start)
                rest -= 1
            }
            let block = reader.bytes(from: start)
            var place = 0
            for end in ends {
                let connector = Connector(checked: block, place..<end)
                let name = connector.name
                if let last = self.connectors.last, name <= last.name {
                    throw reader.failure(.invalid, "the keys of a list are not in order")
                }
                self.connectors.append((name, connector))
                place = end
            }
        }
    }

    /// The lowest bits of a name's hash say where in the table's tree it belongs. Those that belong together are put in
    /// one after the other, while that part of the tree is in the processor's cache.
    func table() -> TreeDictionary<ConnectorName, ClusterState.Connector> {
        let mask = 1_023
        var first = [Int](repeating: -1, count: mask + 1)
        var next = [Int](repeating: -1, count: self.connectors.count)
        for place in self.connectors.indices {
            let part = self.connectors[place].name.hashValue & mask
            next[place] = first[part]
            first[part] = place
        }
        var table: TreeDictionary<ConnectorName, ClusterState.Connector> = [:]
        for part in first {
            var place = part
            while place >= 0 {
                table[self.connectors[place].name] = self.connectors[place].connector
                place = next[place]
            }
        }
        return table
    }
}
