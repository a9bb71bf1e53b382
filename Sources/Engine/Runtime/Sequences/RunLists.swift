/// Which runs there are of each partition: at each position those in the order of their start, and all of them by the time
/// of their first event.
///
/// A partition is a place in arrays, too. Those of keys are in the order in which an event came for them last, so that
/// the ones to which nothing comes are found at the front.
struct RunLists: Sendable {
    struct Partition: Sendable {
        var key = ExactText("")
        /// The latest time of its events.
        var time = Int64.min
        var runCount = 0
        /// The ends of its runs by start time.
        var earliest: Int32 = 0
        var latest: Int32 = 0
        /// Its neighbours in the order of the last events.
        var before: Int32 = -1
        var after: Int32 = -1
        /// It is not in that order: nothing came for long, but it has runs that wait for their deadline.
        var isParked = false
    }

    struct List: Sendable {
        var first: Int32 = 0
        var last: Int32 = 0
    }

    private(set) var partitions: [Partition] = []
    private var lists: [List] = []
    private var places: [ExactText: Int32] = [:]
    private var freePlaces: [Int32] = []
    /// The partition whose last event is the longest ago.
    private(set) var idlest: Int32 = -1
    private var busiest: Int32 = -1

    let positionCount: Int

    init(positionCount: Int) {
        self.positionCount = positionCount
    }

    var partitionCount: Int { self.places.count }

    subscript(partition: Int32) -> Partition {
        get { self.partitions[Int(partition)] }
        _modify { yield &self.partitions[Int(partition)] }
    }

    func first(_ partition: Int32, at position: Int) -> Int32 {
        self.lists[Int(partition) * self.positionCount + position].first
    }

    // MARK: - Partitions

    func partition(of key: ExactText) -> Int32? { self.places[key] }

    mutating func add(_ key: ExactText) -> Int32 {
        let place: Int32
        if let free = self.freePlaces.popLast() {
            place = free
            self[place] = Partition(key: key)
        } else {
            place = Int32(self.partitions.count)
            self.partitions.append(Partition(key: key))
            self.lists.append(contentsOf: repeatElement(List(), count: self.positionCount))
        }
        self.places[key] = place
        self.linkAsBusiest(place)
        return place
    }

    /// Forgets a partition without runs.
    mutating func remove(_ partition: Int32) {
        self.places[self[partition].key] = nil
        if !self[partition].isParked { self.unlink(partition) }
        self[partition].key = ExactText("")
        self[partition].isParked = false
        self.freePlaces.append(partition)
    }

    /// An event came for the partition.
    mutating func touch(_ partition: Int32) {
        guard partition != self.busiest else { return }
        if !self[partition].isParked { self.unlink(partition) }
        self[partition].isParked = false
        self.linkAsBusiest(partition)
    }

    /// Takes a partition out of the order of last events until one comes for it.
    mutating func park(_ partition: Int32) {
        self.unlink(partition)
        self[partition].isParked = true
    }

    private mutating func linkAsBusiest(_ partition: Int32) {
        self[partition].before = self.busiest
        self[partition].after = -1
        if self.busiest >= 0 { self[self.busiest].after = partition } else { self.idlest = partition }
        self.busiest = partition
    }

    private mutating func unlink(_ partition: Int32) {
        let (before, after) = (self[partition].before, self[partition].after)
        if before >= 0 { self[before].after = after } else { self.idlest = after }
        if after >= 0 { self[after].before = before } else { self.busiest = before }
    }

    // MARK: - Runs

    /// Puts a run, later in the order of start than all others, at its position.
    mutating func append(_ run: Int32, _ table: inout RunTable) {
        let place = Int(table[run].partition) * self.positionCount + Int(table[run].position)
        let last = self.lists[place].last
        table[run].previous = last
        if last != 0 { table[last].next = run } else { self.lists[place].first = run }
        self.lists[place].last = run
        self[table[run].partition].runCount += 1
    }

    /// Takes a run out of the list of its position.
    mutating func remove(_ run: Int32, _ table: inout RunTable) {
        let (previous, next) = (table[run].previous, table[run].next)
        let place = Int(table[run].partition) * self.positionCount + Int(table[run].position)
        if previous != 0 { table[previous].next = next } else { self.lists[place].first = next }
        if next != 0 { table[next].previous = previous } else { self.lists[place].last = previous }
    }

    /// Puts runs, which are in no list of a position and in the order of start, at a position.
    mutating func insert(_ runs: [Int32], at position: Int, of partition: Int32, _ table: inout RunTable) {
        let place = Int(partition) * self.positionCount + position
        // From the last on: the runs that are there already are seldom later.
        var before = self.lists[place].last
        for run in runs.reversed() where table[run].position == Int32(position) {
            while before != 0, table[before].number > table[run].number { before = table[before].previous }
            let after = before != 0 ? table[before].next : self.lists[place].first
            table[run].previous = before
            table[run].next = after
            if before != 0 { table[before].next = run } else { self.lists[place].first = run }
            if after != 0 { table[after].previous = run } else { self.lists[place].last = run }
        }
    }

    // MARK: - Runs by time

    /// Puts a run among those of its partition by its start time: at the end, unless events are out of order.
    mutating func insertByTime(_ run: Int32, _ table: inout RunTable) {
        let partition = table[run].partition
        let start = table[run].start
        var earlier = self[partition].latest
        while earlier != 0, table[earlier].start > start { earlier = table[earlier].earlier }
        let later = earlier != 0 ? table[earlier].later : self[partition].earliest
        table[run].earlier = earlier
        table[run].later = later
        if earlier != 0 { table[earlier].later = run } else { self[partition].earliest = run }
        if later != 0 { table[later].earlier = run } else { self[partition].latest = run }
    }

    mutating func removeByTime(_ run: Int32, _ table: inout RunTable) {
        let (earlier, later, partition) = (table[run].earlier, table[run].later, table[run].partition)
        if earlier != 0 { table[earlier].later = later } else { self[partition].earliest = later }
        if later != 0 { table[later].earlier = earlier } else { self[partition].latest = earlier }
    }

    /// About what it takes in memory.
    var heldBytes: Int {
        self.partitions.count
            * (MemoryLayout<Partition>.stride + self.positionCount * MemoryLayout<List>.stride)
            + HeldBytes.of(self.places.count, like: self.places.keys.lazy.map { Value.string($0.text).heldBytes })
            + self.places.count * (MemoryLayout<ExactText>.stride + HeldBytes.tableEntry)
    }
}
