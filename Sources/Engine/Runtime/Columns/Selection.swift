/// Rows of a batch, ascending.
struct Selection {
    /// Room for `Batch.rowsMax` rows; the first `count` are set, also where the rows are all of the batch.
    let rows: UnsafeMutablePointer<UInt16>
    var count: Int
    /// They are 0, 1, 2 and so on: loops need not look.
    var isDense: Bool

    @inline(__always)
    func row(_ place: Int) -> Int { self.isDense ? place : Int(self.rows[place]) }

    /// The rows for which `test` holds.
    @inline(__always)
    func filtered(into other: UnsafeMutablePointer<UInt16>, _ test: (Int) -> Bool) -> Selection {
        var kept = 0
        if self.isDense {
            for row in 0..<self.count {
                other[kept] = UInt16(truncatingIfNeeded: row)
                kept &+= test(row) ? 1 : 0
            }
        } else {
            for place in 0..<self.count {
                let row = self.rows[place]
                other[kept] = row
                kept &+= test(Int(row)) ? 1 : 0
            }
        }
        return Selection(rows: other, count: kept, isDense: self.isDense && kept == self.count)
    }

    @inline(__always)
    func forEach(_ body: (Int) -> Void) {
        if self.isDense {
            for row in 0..<self.count { body(row) }
        } else {
            for place in 0..<self.count { body(Int(self.rows[place])) }
        }
    }
}
