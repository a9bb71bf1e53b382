/// Numbers that grow in number: memory without bounds checks, for loops over events. Its owner frees it.
struct PlainBuffer<Element: BitwiseCopyable> {
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var count = 0
    private var capacity = 64

    init() { self.base = .allocate(capacity: self.capacity) }

    func free() { self.base.deallocate() }

    @inline(__always)
    mutating func append(_ element: Element, times: Int = 1) {
        self.reserve(times)
        (self.base + self.count).update(repeating: element, count: times)
        self.count += times
    }

    @inline(__always)
    mutating func append(contentsOf elements: UnsafeBufferPointer<Element>) {
        self.reserve(elements.count)
        if let start = elements.baseAddress { (self.base + self.count).update(from: start, count: elements.count) }
        self.count += elements.count
    }

    /// Counts elements that were written behind the last one, where there must have been room.
    mutating func fillReserve(to count: Int) { self.count = count }

    /// - Parameter first: At most `count`.
    mutating func removeAll(from first: Int = 0) { self.count = first }

    /// All elements, in memory of their own.
    var copy: [Element] { Array(UnsafeBufferPointer(start: self.base, count: self.count)) }

    /// The same, for another owner.
    var duplicate: PlainBuffer {
        var other = PlainBuffer()
        other.append(contentsOf: UnsafeBufferPointer(start: self.base, count: self.count))
        return other
    }

    /// Makes room for so many more.
    @inline(__always)
    mutating func reserve(_ more: Int) {
        if self.count + more > self.capacity { self.grow(to: self.count + more) }
    }

    @inline(never)
    private mutating func grow(to count: Int) {
        self.capacity = max(2 * self.capacity, count)
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: self.capacity)
        larger.update(from: self.base, count: self.count)
        self.base.deallocate()
        self.base = larger
    }
}
