import VPL

/// The groups of partial trends that end at one step, each at its place in arrays.
struct TrendLevel: Sendable {
    /// What conditions may ask of each group, `slotCount` values each.
    var values: [Value?] = []
    /// The events that tell groups apart, by their numbers, as many for each group as the step's context has steps.
    private(set) var contexts: [UInt32] = []
    var counts: [UInt64] = []
    /// For each group its count as a float and its sums; nothing where nothing is added up.
    var amounts: [Double] = []
    /// What comparisons ask of each group, as numbers; not a number for what is none.
    var columns: [[Double]]
    /// Columns that say not all: they have values that are neither numbers nor nothing.
    var isOdd: [Bool]
    /// When each group began, and when it was ended by a negation, as numbers of events.
    private(set) var begins: [UInt32] = []
    var ends: [UInt32] = []
    /// The group before with the same context, where negations may end one; below zero for none.
    private(set) var predecessors: [Int32] = []
    /// The groups before this are ended.
    var firstLive = 0
    /// The count and the amounts of all groups together.
    var totalCount: UInt64 = 0
    var totalAmounts: [Double]
    private(set) var indexes: [TrendIndex]
    private var places: [[UInt32]: Int32] = [:]
    private let indexPlans: [CompiledTrends.Index]

    let width: Int
    let slotCount: Int
    let contextWidth: Int

    static let notEnded = UInt32.max

    init(width: Int, slotCount: Int, contextWidth: Int, columnCount: Int, indexes: [CompiledTrends.Index]) {
        self.width = width
        self.slotCount = slotCount
        self.contextWidth = contextWidth
        self.indexPlans = indexes
        self.indexes = indexes.map { TrendIndex(isDescending: $0.isDescending) }
        self.totalAmounts = Array(repeating: 0, count: width)
        self.columns = Array(repeating: [], count: columnCount)
        self.isOdd = Array(repeating: false, count: columnCount)
    }

    var groupCount: Int { self.counts.count }
    var live: Range<Int> { self.firstLive..<self.counts.count }

    func context(of group: Int) -> ArraySlice<UInt32> {
        self.contexts[group * self.contextWidth..<(group + 1) * self.contextWidth]
    }

    func wasLive(_ group: Int, at event: UInt32) -> Bool { self.begins[group] < event && self.ends[group] > event }

    // MARK: - Growing

    /// The group of a context that has not ended.
    func group(of context: [UInt32]) -> Int? {
        guard let group = self.places[context], self.ends[Int(group)] == Self.notEnded else { return nil }
        return Int(group)
    }

    /// A new group without trends. Its values are to be set, then its columns.
    ///
    /// - Parameter isFound: Whether later events may come to the same group.
    mutating func append(_ context: [UInt32], at event: UInt32, isFound: Bool) -> Int {
        let group = self.counts.count
        self.values.append(contentsOf: repeatElement(nil, count: self.slotCount))
        self.contexts.append(contentsOf: context)
        self.counts.append(0)
        self.amounts.append(contentsOf: repeatElement(0, count: self.width))
        self.begins.append(event)
        self.ends.append(Self.notEnded)
        self.predecessors.append(-1)
        if isFound {
            self.predecessors[group] = self.places[context] ?? -1
            self.places[context] = Int32(group)
        }
        return group
    }

    mutating func appendToColumn(_ column: Int, _ value: Value?) {
        let number = value.plainNumber
        if number == nil { self.isOdd[column] = true }
        self.columns[column].append(number ?? .nan)
    }

    mutating func add(_ count: UInt64, _ amounts: ArraySlice<Double>, to group: Int) {
        self.counts[group] = TrendLayout.sum(self.counts[group], count)
        self.totalCount = TrendLayout.sum(self.totalCount, count)
        for (place, amount) in amounts.enumerated() {
            self.amounts[group * self.width + place] += amount
            self.totalAmounts[place] += amount
        }
    }

    /// Puts a group, whose trends are added, where it belongs in the order of columns.
    mutating func insertIntoIndexes(_ group: Int) {
        for (place, index) in self.indexPlans.enumerated() {
            let key = self.columns[index.column][group]
            self.indexes[place].insert(group, key: key, self.counts, self.amounts, width: self.width)
        }
    }

    // MARK: - Negations

    /// Ends all groups. Where nobody will ask for them they are forgotten.
    mutating func endAll(at event: UInt32, isRemembered: Bool) {
        if isRemembered {
            for group in self.live where self.ends[group] == Self.notEnded { self.ends[group] = event }
            self.firstLive = self.counts.count
            self.indexes = self.indexPlans.map { TrendIndex(isDescending: $0.isDescending) }
            self.forgetTotals()
        } else {
            let columnCount = self.columns.count
            self = TrendLevel(
                width: self.width,
                slotCount: self.slotCount,
                contextWidth: self.contextWidth,
                columnCount: columnCount,
                indexes: self.indexPlans
            )
        }
    }

    private mutating func forgetTotals() {
        self.totalCount = 0
        for place in 0..<self.width { self.totalAmounts[place] = 0 }
    }

    /// Ends some groups. The totals are counted anew: what is at the largest count cannot be subtracted from.
    mutating func end(_ groups: [Int], at event: UInt32) {
        if groups.isEmpty { return }
        for group in groups {
            self.ends[group] = event
            self.counts[group] = 0
            for place in 0..<self.width { self.amounts[group * self.width + place] = 0 }
        }
        self.forgetTotals()
        for group in self.live {
            self.totalCount = TrendLayout.sum(self.totalCount, self.counts[group])
            for place in 0..<self.width { self.totalAmounts[place] += self.amounts[group * self.width + place] }
        }
    }

    /// The group of the context at the time, looked for among all there ever were.
    func group(of context: [UInt32], at event: UInt32) -> Int? {
        var group = self.places[context] ?? -1
        while group >= 0 {
            // It may have begun with this very event.
            if self.begins[Int(group)] <= event, self.ends[Int(group)] > event { return Int(group) }
            group = self.predecessors[Int(group)]
        }
        return nil
    }

    /// About what it takes in memory.
    var heldBytes: Int {
        let row =
            self.slotCount * MemoryLayout<Value?>.stride + (self.contextWidth + 3) * MemoryLayout<UInt32>.stride
            + (1 + self.width + self.columns.count) * MemoryLayout<Double>.stride
        let values = HeldBytes.of(self.values.count, like: self.values.lazy.map { $0?.heldBytes ?? 0 })
        let places = self.places.count * (HeldBytes.tableEntry + 40 + self.contextWidth * MemoryLayout<UInt32>.stride)
        return self.groupCount * row + values + places + self.indexes.reduce(0) { $0 + $1.heldBytes }
    }
}

extension Value? {
    /// The value as a float that compares with other numbers as the value does: not a number for nothing, and nil for what
    /// is neither.
    var plainNumber: Double? {
        switch self {
        case .float(let float): float
        case .int(let int): int.magnitude <= 1 << 53 ? Double(int) : nil
        case nil, .null: .nan
        default: nil
        }
    }
}
