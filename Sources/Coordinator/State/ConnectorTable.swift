internal import HashTreeCollections

/// The connectors by their names, in two parts: those that a snapshot brought, as they came, and what has changed since.
///
/// They may be a hundred thousand, and a member that starts has to serve before it could have built a tree of them.
struct ConnectorTable: Sendable {
    private typealias Connector = ClusterState.Connector

    private var run = ConnectorRun()
    /// Newer than the run. Nil says that one of the run's is gone.
    private var changes: TreeDictionary<ConnectorName, ClusterState.Connector?> = [:]
    private(set) var count = 0

    init() {}

    /// Takes over what a snapshot brought.
    init(_ run: ConnectorRun) {
        self.run = run
        self.count = run.count
    }

    subscript(name: ConnectorName) -> ClusterState.Connector? {
        if let change = self.changes[name] { return change }
        return self.run.connector(named: name)
    }

    // What is put in wrongly is taken back: to search first would cost every command a second search.

    /// Adds a connector, unless one has the name: that one stays, and is returned.
    mutating func add(_ connector: ClusterState.Connector, named name: ConnectorName) -> ClusterState.Connector? {
        if let change = self.changes.updateValue(connector, forKey: name) {
            if let existing = change {
                self.changes.updateValue(existing, forKey: name)
                return existing
            }
        } else if let existing = self.run.connector(named: name) {
            self.changes.removeValue(forKey: name)
            return existing
        }
        self.count += 1
        return nil
    }

    /// Puts a connector in the place of the one with its name. False if there is none.
    mutating func replace(_ connector: ClusterState.Connector, named name: ConnectorName) -> Bool {
        if let change = self.changes.updateValue(connector, forKey: name) {
            if change == nil { self.changes.updateValue(nil, forKey: name) }
            return change != nil
        }
        guard self.run.connector(named: name) != nil else {
            self.changes.removeValue(forKey: name)
            return false
        }
        self.settle()
        return true
    }

    /// False if there is none.
    mutating func remove(_ name: ConnectorName) -> Bool {
        guard self[name] != nil else { return false }
        self.count -= 1
        if self.run.connector(named: name) == nil {
            self.changes.removeValue(forKey: name)
        } else {
            self.changes.updateValue(nil, forKey: name)
            self.settle()
        }
        return true
    }

    /// The run's memory goes as a whole. So with each of its connectors that is replaced, two more move out of it.
    private mutating func settle() {
        for _ in 0..<2 {
            guard let (name, connector) = self.run.removeFirst() else { return }
            switch self.changes[name] {
            case nil: self.changes[name] = connector
            case .some(nil): self.changes.removeValue(forKey: name)
            case .some(.some): break
            }
        }
    }

    /// In the order of their names.
    var inOrder: InOrder { InOrder(run: self.run, changes: ConnectorOrder(self.changes), count: self.count) }

    struct InOrder: Sequence, IteratorProtocol {
        fileprivate var run: ConnectorRun
        fileprivate let changes: ConnectorOrder
        private var place = 0
        /// So that a list of them takes its memory once.
        let underestimatedCount: Int

        fileprivate init(run: ConnectorRun, changes: ConnectorOrder, count: Int) {
            self.run = run
            self.changes = changes
            self.underestimatedCount = count
        }

        mutating func next() -> ClusterState.Connector? {
            while self.place < self.changes.count {
                let change = self.changes[self.place]
                if let first = self.run.firstName {
                    if first < change.name { break }
                    if first == change.name { self.run.skipFirst() }
                }
                self.place += 1
                if case .connector(let connector) = change { return connector }
            }
            return self.run.skipFirst()
        }
    }
}
