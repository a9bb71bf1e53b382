/// Numbers that grow in number: memory without bounds checks, for loops over events. Its owner frees it.
struct PlainBuffer<Element: BitwiseCopyable> {
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var count = 0
    private var capacity = 64

    init() { self.base = .allocate(capacity: self.capacity) }

    func free() { self.base.deallocate() }

    mutating func append(_ element: Element, times: Int = 1) {
        if self.count + times > self.capacity {
            self.capacity = max(2 * self.capacity, self.count + times)
            let larger = UnsafeMutablePointer<Element>.allocate(capacity: self.capacity)
            larger.update(from: self.base, count: self.count)
            self.base.deallocate()
            self.base = larger
        }
        (self.base + self.count).update(repeating: element, count: times)
        self.count += times
    }
}
