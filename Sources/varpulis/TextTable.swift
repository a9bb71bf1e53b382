extension [[String]] {
    /// As lines, with each column as wide as its widest cell. All rows are as long as the first.
    var aligned: String {
        guard let first = self.first else { return "" }
        let widths = first.indices.map { column in self.map { $0[column].count }.max() ?? 0 }
        return self.map { row in
            var line = ""
            for (cell, width) in zip(row, widths) {
                line += cell + String(repeating: " ", count: width - cell.count + 2)
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
