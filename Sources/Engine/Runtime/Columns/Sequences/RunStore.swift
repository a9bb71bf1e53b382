/// The runs of a sequence in one piece of memory: a row for each, with what every run has, then the words of its cells,
/// then their tags. The rows of runs that ended are used again.
///
/// Row 0 is nobody's: it stands for none in links, and its cells are those of a run that has not begun.
struct RunStore {
    /// What every run has. The links go to the runs before and after it in its lists.
    struct Run: BitwiseCopyable {
        /// Counts the runs by twos in the order of their start; 0 for a row that is not used. An odd one has all its events
        /// and waits for its deadline.
        var number: UInt64 = 0
        /// The time of its first event.
        var start: Int64 = 0
        /// Of the same partition and position, in the order of start.
        var previous: UInt32 = 0
        var next: UInt32 = 0
        /// Of the same partition, by start time.
        var earlier: UInt32 = 0
        var later: UInt32 = 0

        var isWaiting: Bool { self.number & 1 != 0 }

        mutating func wait() { self.number |= 1 }
    }

    private var base: UnsafeMutableRawPointer
    private var capacity = 0
    /// How many rows were ever used, with row 0.
    private(set) var count = 0
    private var firstFree: UInt32 = 0
    private(set) var liveCount = 0
    private var startedCount: UInt64 = 0
    private let stride: Int
    private let tagsOffset: Int

    /// Memory is given back from so many rows on, when there is no run at all.
    private static let idleRowsMax = 1024

    init(cells: Int) {
        self.tagsOffset = MemoryLayout<Run>.stride + 8 * cells
        self.stride = self.tagsOffset + (cells + 7) / 8 * 8
        self.base = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
        self.grow(to: 64)
        self.addRow()
    }

    func deallocate() { self.base.deallocate() }

    /// The same runs in memory of their own, without room for others.
    var duplicate: RunStore {
        var other = self
        other.base = UnsafeMutableRawPointer.allocate(byteCount: self.count * self.stride, alignment: 8)
        other.base.copyMemory(from: self.base, byteCount: self.count * self.stride)
        other.capacity = self.count
        return other
    }

    /// About what it takes in memory. Rows that wait to be used again do not count.
    var heldBytes: Int { (self.liveCount + 1) * self.stride }

    @inline(__always)
    subscript(run: UInt32) -> UnsafeMutablePointer<Run> {
        (self.base + Int(run) * self.stride).assumingMemoryBound(to: Run.self)
    }

    /// The words of the run's cells.
    @inline(__always)
    func words(_ run: UInt32) -> UnsafeMutablePointer<UInt64> {
        (self.base + Int(run) * self.stride + MemoryLayout<Run>.stride).assumingMemoryBound(to: UInt64.self)
    }

    @inline(__always)
    func tags(_ run: UInt32) -> UnsafeMutablePointer<UInt8> {
        (self.base + Int(run) * self.stride + self.tagsOffset).assumingMemoryBound(to: UInt8.self)
    }

    /// A new run, the last in the order of start, all of whose cells are missing.
    @inline(__always)
    mutating func begin(at start: Int64) -> UInt32 {
        var run = self.firstFree
        if run != 0 {
            self.firstFree = self[run].pointee.next
            self.tags(run).update(repeating: Cell.missing, count: self.stride - self.tagsOffset)
        } else {
            run = UInt32(truncatingIfNeeded: self.count)
            self.addRow()
        }
        self.startedCount += 2
        self.liveCount += 1
        self[run].pointee = Run(number: self.startedCount, start: start)
        return run
    }

    /// Forgets a run that is in no list any more. The memory of the rows stays.
    @inline(__always)
    mutating func end(_ run: UInt32) {
        self[run].pointee.number = 0
        self[run].pointee.next = self.firstFree
        self.firstFree = run
        self.liveCount -= 1
    }

    /// Gives memory back if there is no run.
    mutating func trim() {
        guard self.liveCount == 0, self.count > Self.idleRowsMax else { return }
        self.base.deallocate()
        self.base = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
        (self.count, self.capacity, self.firstFree) = (0, 0, 0)
        self.grow(to: 64)
        self.addRow()
    }

    private mutating func addRow() {
        if self.count == self.capacity { self.grow(to: 2 * self.capacity) }
        let row = self.base + self.count * self.stride
        row.initializeMemory(as: UInt8.self, repeating: 0, count: self.stride)
        self.count += 1
    }

    @inline(never)
    private mutating func grow(to rows: Int) {
        let larger = UnsafeMutableRawPointer.allocate(byteCount: rows * self.stride, alignment: 8)
        larger.copyMemory(from: self.base, byteCount: self.count * self.stride)
        self.base.deallocate()
        self.base = larger
        self.capacity = rows
    }
}
