import VPL

/// Groups in the order of what a comparison asks of them, with the count and the sums of all up to each.
///
/// It is made of lists in order, each of at most half the length of the one before: a new group is a list by itself, and two
/// lists of one length become one. So each group is put in order again only as often as its list doubles, and a question
/// goes through few lists. Only sums over beginnings of lists are asked for, so that nothing is ever subtracted from a count
/// that may be the largest there is.
struct TrendIndex: Sendable {
    private struct List: Sendable {
        var groups: [Int32] = []
        /// By place in the order.
        var keys: [Double] = []
        var counts: [UInt64] = []
        var amounts: [Double] = []
    }

    private var lists: [List] = []
    private let isDescending: Bool

    init(isDescending: Bool) { self.isDescending = isDescending }

    /// Puts a group in. Its numbers must not change any more. One whose key is not a number compares with none.
    mutating func insert(_ group: Int, key: Double, _ counts: [UInt64], _ amounts: [Double], width: Int) {
        if key.isNaN { return }
        var list = List(groups: [Int32(group)], keys: [key])
        while let last = self.lists.last, last.groups.count <= list.groups.count {
            self.lists.removeLast()
            list = self.merged(last, list)
        }
        list.counts.reserveCapacity(list.groups.count)
        var (count, sums) = (UInt64(0), [Double](repeating: 0, count: width))
        for group in list.groups {
            count = TrendLayout.sum(count, counts[Int(group)])
            list.counts.append(count)
            for place in 0..<width { sums[place] += amounts[Int(group) * width + place] }
            list.amounts.append(contentsOf: sums)
        }
        self.lists.append(list)
    }

    private func merged(_ left: List, _ right: List) -> List {
        var list = List()
        list.groups.reserveCapacity(left.groups.count + right.groups.count)
        list.keys.reserveCapacity(left.groups.count + right.groups.count)
        var (first, second) = (0, 0)
        while first < left.keys.count || second < right.keys.count {
            let isLeft =
                second == right.keys.count
                || first < left.keys.count && !self.isBefore(right.keys[second], left.keys[first])
            list.groups.append(isLeft ? left.groups[first] : right.groups[second])
            list.keys.append(isLeft ? left.keys[first] : right.keys[second])
            if isLeft { first += 1 } else { second += 1 }
        }
        return list
    }

    private func isBefore(_ left: Double, _ right: Double) -> Bool { self.isDescending ? left > right : left < right }

    /// Adds up the groups before a number in the order.
    ///
    /// - Parameter isIncluded: Whether those with the number itself are meant, too.
    func addUp(
        before number: Double,
        isIncluded: Bool,
        _ count: inout UInt64,
        _ amounts: inout [Double]
    ) {
        for list in self.lists {
            var (low, high) = (0, list.keys.count)
            while low < high {
                let middle = (low + high) / 2
                let isBefore =
                    isIncluded ? !self.isBefore(number, list.keys[middle]) : self.isBefore(list.keys[middle], number)
                if isBefore { low = middle + 1 } else { high = middle }
            }
            if low == 0 { continue }
            count = TrendLayout.sum(count, list.counts[low - 1])
            for place in amounts.indices { amounts[place] += list.amounts[(low - 1) * amounts.count + place] }
        }
    }

    /// About what it takes in memory.
    var heldBytes: Int {
        self.lists.reduce(0) { $0 + $1.groups.count * 20 + $1.amounts.count * MemoryLayout<Double>.stride }
    }
}

extension CompiledTrends.EdgeTest.Comparison {
    var isOrder: Bool {
        switch self.symbol {
        case .less, .lessOrEqual, .greater, .greaterOrEqual: true
        default: false
        }
    }

    /// Whether the event must have less than the trend.
    var isOfLess: Bool { self.symbol == .less || self.symbol == .lessOrEqual }

    /// Whether the same number fulfils it.
    var isOfSame: Bool { self.symbol == .lessOrEqual || self.symbol == .greaterOrEqual }

    /// Whether it holds of two numbers.
    func holds(_ ofEvent: Double, _ ofTrend: Double) -> Bool {
        switch self.symbol {
        case .less: ofEvent < ofTrend
        case .lessOrEqual: ofEvent <= ofTrend
        case .greater: ofEvent > ofTrend
        case .greaterOrEqual: ofEvent >= ofTrend
        case .equal: ofEvent == ofTrend
        case .notEqual: ofEvent != ofTrend
        default: false
        }
    }
}
