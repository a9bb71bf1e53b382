/// Texts that outlive the batch they came in, in blocks of 16 bytes, 32 bytes and so on. Blocks are used again.
///
/// A text is told by one word: the place of its block, counted in 16 bytes, below, and its length above.
struct TextStore {
    private var bytes = PlainBuffer<UInt8>()
    /// For each size the first block that is free, plus one; 0 for none. A free block begins with the next one's place.
    private var free: UnsafeMutablePointer<UInt32>

    private static let unitBytes = 16
    private static let sizeCount = 32

    init() {
        self.free = .allocate(capacity: Self.sizeCount)
        self.free.initialize(repeating: 0, count: Self.sizeCount)
    }

    func deallocate() {
        self.bytes.free()
        self.free.deallocate()
    }

    /// The same texts in memory of their own.
    var duplicate: TextStore {
        var other = TextStore()
        other.free.update(from: self.free, count: Self.sizeCount)
        other.bytes.free()
        other.bytes = self.bytes.duplicate
        other.heldBytes = self.heldBytes
        return other
    }

    /// What the texts that are there take in memory.
    private(set) var heldBytes = 0

    @inline(__always)
    func text(_ word: UInt64) -> UnsafeBufferPointer<UInt8> {
        let start = self.bytes.base + Int(UInt32(truncatingIfNeeded: word)) * Self.unitBytes
        return UnsafeBufferPointer(start: start, count: Int(word >> 32))
    }

    /// The power of two by which a block is larger than a unit.
    @inline(__always)
    private static func size(_ count: Int) -> Int {
        let units = (count + Self.unitBytes - 1) / Self.unitBytes
        return units <= 1 ? 0 : Int.bitWidth - (units - 1).leadingZeroBitCount
    }

    mutating func add(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
        guard let start = text.baseAddress, text.count > 0 else { return 0 }
        let size = Self.size(text.count)
        self.heldBytes += Self.unitBytes << size
        let unit: UInt32
        if self.free[size] != 0 {
            unit = self.free[size] - 1
            let block = UnsafeRawPointer(self.bytes.base + Int(unit) * Self.unitBytes)
            self.free[size] = block.load(as: UInt32.self)
        } else {
            unit = UInt32(self.bytes.count / Self.unitBytes)
            self.bytes.reserve(Self.unitBytes << size)
            self.bytes.fillReserve(to: self.bytes.count + Self.unitBytes << size)
        }
        (self.bytes.base + Int(unit) * Self.unitBytes).update(from: start, count: text.count)
        return UInt64(unit) | UInt64(text.count) << 32
    }

    mutating func remove(_ word: UInt64) {
        let count = Int(word >> 32)
        guard count > 0 else { return }
        let (size, unit) = (Self.size(count), UInt32(truncatingIfNeeded: word))
        self.heldBytes -= Self.unitBytes << size
        UnsafeMutableRawPointer(self.bytes.base + Int(unit) * Self.unitBytes).storeBytes(
            of: self.free[size],
            as: UInt32.self
        )
        self.free[size] = unit + 1
    }

    /// Gives the memory back. No text is used any more.
    mutating func removeAll() {
        self.deallocate()
        self = TextStore()
    }
}
