internal import HashTreeCollections

/// Connectors, or that one is gone, in the order of their names.
///
/// They may be a hundred thousand. What is sorted is therefore no names, whose memory is shared and counted, but plain
/// words: the first sixteen bytes of each name, most significant first, and the place of its connector. Of
/// `c000000123` these are `63 30 30 30 30 30 30 31` and `32 33 00 00 00 00 00 00`. Where they are equal, the whole
/// names decide.
struct ConnectorOrder: RandomAccessCollection {
    private struct Place {
        var first: UInt64
        var second: UInt64
        var place: UInt32
    }

    private var members: [(name: ConnectorName, connector: ClusterState.Connector?)] = []
    private var places: [Place] = []

    init(_ table: TreeDictionary<ConnectorName, ClusterState.Connector?>) {
        self.members.reserveCapacity(table.count)
        self.places.reserveCapacity(table.count)
        for (name, connector) in table {
            let words = Self.words(of: name)
            self.places.append(Place(first: words.0, second: words.1, place: UInt32(self.members.count)))
            self.members.append((name, connector))
        }
        let members = self.members
        self.places.sort { one, other in
            if one.first != other.first { return one.first < other.first }
            if one.second != other.second { return one.second < other.second }
            return members[Int(one.place)].name < members[Int(other.place)].name
        }
    }

    var startIndex: Int { 0 }
    var endIndex: Int { self.places.count }
    subscript(index: Int) -> (name: ConnectorName, connector: ClusterState.Connector?) {
        self.members[Int(self.places[index].place)]
    }

    private static func words(of name: ConnectorName) -> (UInt64, UInt64) {
        var words = (UInt64(0), UInt64(0))
        withUnsafeMutableBytes(of: &words) { words in
            var text = name.rawValue
            text.withUTF8 { words.copyBytes(from: $0.prefix(16)) }
        }
        return (UInt64(bigEndian: words.0), UInt64(bigEndian: words.1))
    }
}
