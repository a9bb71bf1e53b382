/// The least of many elements, in logarithmic time. A binary heap in one array.
struct MinHeap<Element: Comparable & Sendable>: Sendable {
    private(set) var elements: [Element] = []

    var first: Element? { self.elements.first }
    var count: Int { self.elements.count }
    var isEmpty: Bool { self.elements.isEmpty }

    mutating func push(_ element: Element) {
        self.elements.append(element)
        var place = self.elements.count - 1
        while place > 0, self.elements[place] < self.elements[(place - 1) / 2] {
            self.elements.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func pop() -> Element? {
        guard let first = self.elements.first, let last = self.elements.popLast() else { return nil }
        guard !self.elements.isEmpty else { return first }
        self.elements[0] = last
        var place = 0
        while true {
            var least = place
            for child in (2 * place + 1)...(2 * place + 2)
            where child < self.elements.count && self.elements[child] < self.elements[least] {
                least = child
            }
            if least == place { return first }
            self.elements.swapAt(place, least)
            place = least
        }
    }

    mutating func removeAll() { self.elements = [] }
}
