internal import HashTreeCollections

/// Connectors, or that one is gone, in the order of their names.
///
/// They may be a hundred thousand. What is sorted is therefore no names, whose memory is shared and counted, but plain
/// words: the first sixteen bytes of each name, most significant first, and the place of its connector. Of
/// `c000000123` these are `63 30 30 30 30 30 30 31` and `32 33 00 00 00 00 00 00`. Where they are equal, the whole
/// names decide.
struct ConnectorOrder: RandomAccessCollection {
    /// A change: a connector, or a name that is gone.
    enum Member {
        case connector(ClusterState.Connector)
        case gone(ConnectorName)

        var name: ConnectorName {
            switch self {
            case .connector(let connector): connector.name
            case .gone(let name): name
            }
        }
    }

    private struct Place {
        var first: UInt64
        var second: UInt64
        /// In `connectors`; below zero, the complement is one in `gone`.
        var place: Int32
    }

    // A hundred thousand of them for a moment: a list of `Member` would have twice the size.
    private var connectors: [ClusterState.Connector] = []
    private var gone: [ConnectorName] = []
    private var places: [Place] = []

    init(_ table: TreeDictionary<ConnectorName, ClusterState.Connector?>) {
        self.connectors.reserveCapacity(table.count)
        self.places.reserveCapacity(table.count)
        for (name, connector) in table {
            let words = Self.words(of: name)
            if let connector {
                self.places.append(
                    Place(first: words.0, second: words.1, place: Int32(self.connectors.count))
                )
                self.connectors.append(connector)
            } else {
                self.places.append(Place(first: words.0, second: words.1, place: ~Int32(self.gone.count)))
                self.gone.append(name)
            }
        }
        let (connectors, gone) = (self.connectors, self.gone)
        func name(_ place: Int32) -> ConnectorName {
            place < 0 ? gone[Int(~place)] : connectors[Int(place)].name
        }
        self.places.sort { one, other in
            if one.first != other.first { return one.first < other.first }
            if one.second != other.second { return one.second < other.second }
            return name(one.place) < name(other.place)
        }
    }

    var startIndex: Int { 0 }
    var endIndex: Int { self.places.count }
    subscript(index: Int) -> Member {
        let place = self.places[index].place
        return place < 0 ? .gone(self.gone[Int(~place)]) : .connector(self.connectors[Int(place)])
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
