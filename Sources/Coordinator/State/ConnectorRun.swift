#if canImport(Glibc)
    import Glibc
#endif

/// Connectors as a snapshot has them, one after the other in the order of their names, and where each begins.
struct ConnectorRun: Sendable {
    private typealias Connector = ClusterState.Connector

    private var memory: [UInt8] = []
    /// Where each begins in `memory`, and at last where the last one ends.
    private var bounds: [Int] = [0]
    /// Those before are not in the run any more.
    private var first = 0

    init() {}

    /// Reads a list whose names have to rise strictly.
    init(_ reader: inout ByteReader) throws(DecodingFailure) {
        var rest = try reader.number()
        self.memory = reader.bytes
        self.bounds = [reader.offset]
        // None is shorter than four bytes: the lengths of name and type, how many parameters, no description.
        self.bounds.reserveCapacity(Int(min(rest, UInt64(reader.remaining / 4))) + 1)
        var last: Range<Int>?
        while rest > 0 {
            let name = try Connector.skip(&reader)
            if let last, self.order(last, name) >= 0 {
                throw reader.failure(.invalid, "the keys of a list are not in order")
            }
            self.bounds.append(reader.offset)
            last = name
            rest -= 1
        }
        // The rest would stay in memory for as long as the connectors do.
        let start = self.bounds[0]
        guard reader.offset - start < reader.bytes.count / 2 else { return }
        self.memory = reader.bytes(from: start)
        for place in self.bounds.indices { self.bounds[place] -= start }
    }

    var count: Int { self.bounds.count - 1 - self.first }

    /// Finds it by bisection.
    func connector(named name: ConnectorName) -> ClusterState.Connector? {
        if self.count == 0 { return nil }
        var text = name.rawValue
        return text.withUTF8 { wanted in
            var (low, high) = (self.first, self.bounds.count - 1)
            while low < high {
                let middle = low + (high - low) / 2
                let order = self.order(self.nameRange(middle), UnsafeRawBufferPointer(wanted))
                if order == 0 { return self.connector(middle) }
                if order < 0 { low = middle + 1 } else { high = middle }
            }
            return nil
        }
    }

    var firstName: ConnectorName? {
        guard self.count > 0 else { return nil }
        return ConnectorName(String(decoding: self.memory[self.nameRange(self.first)], as: UTF8.self))
    }

    @discardableResult
    mutating func skipFirst() -> ClusterState.Connector? {
        guard self.count > 0 else { return nil }
        self.first += 1
        return self.connector(self.first - 1)
    }

    /// Takes the first one out, into memory of its own.
    mutating func removeFirst() -> (name: ConnectorName, connector: ClusterState.Connector)? {
        guard let name = self.firstName, let connector = self.skipFirst() else { return nil }
        if self.count == 0 { self = ConnectorRun() }
        return (name, Connector(checked: Array(connector.bytes)))
    }

    private func connector(_ place: Int) -> ClusterState.Connector {
        let range = self.bounds[place]..<self.bounds[place + 1]
        if range.upperBound <= UInt32.max { return Connector(checked: self.memory, range) }
        return Connector(checked: Array(self.memory[range]))
    }

    private func nameRange(_ place: Int) -> Range<Int> { Connector.nameRange(in: self.memory, at: self.bounds[place]) }

    private func order(_ one: Range<Int>, _ other: Range<Int>) -> Int {
        self.memory.withUnsafeBytes { self.order(one, UnsafeRawBufferPointer(rebasing: $0[other])) }
    }

    /// Below zero if the first comes first.
    private func order(_ one: Range<Int>, _ other: UnsafeRawBufferPointer) -> Int {
        self.memory.withUnsafeBytes { memory in
            let one = UnsafeRawBufferPointer(rebasing: memory[one])
            let count = min(one.count, other.count)
            if count > 0, let a = one.baseAddress, let b = other.baseAddress {
                let order = memcmp(a, b, count)
                if order != 0 { return Int(order) }
            }
            return one.count - other.count
        }
    }
}
