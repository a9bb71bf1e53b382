import VPL

/// Built-in functions over whole columns.
extension ColumnEvaluator {
    /// Nil where there is no kernel for the function or for what the columns hold.
    func kernel(_ function: BuiltinFunction, _ columns: [Column], in frame: Frame) -> Column? {
        switch columns.count {
        case 1 where columns[0].isOnly(.int): self.kernel(function, ofInts: columns[0], in: frame)
        case 1 where columns[0].isOnly(.float): self.kernel(function, ofFloats: columns[0], in: frame)
        case 1 where columns[0].isOnly(.string): self.kernel(function, ofTexts: columns[0], in: frame)
        case 2 where columns.allSatisfy { $0.isOnly(.string) }:
            self.kernel(function, columns[0], columns[1], in: frame)
        default: nil
        }
    }

    // MARK: - Numbers

    private func kernel(_ function: BuiltinFunction, ofInts column: Column, in frame: Frame) -> Column? {
        let words = column.words
        switch function {
        case .abs: return self.made(.int, in: frame) { words[$0] >> 63 == 0 ? words[$0] : 0 &- words[$0] }
        case .floor, .ceil, .round, .toInt: return column
        case .toFloat: return self.made(.float, in: frame) { Double(Int64(bitPattern: words[$0])).bitPattern }
        case .sqrt:
            return self.made(.float, in: frame) { Double(Int64(bitPattern: words[$0])).squareRoot().bitPattern }
        default: return nil
        }
    }

    private func kernel(_ function: BuiltinFunction, ofFloats column: Column, in frame: Frame) -> Column? {
        let words = column.words
        func rounded(_ rule: FloatingPointRoundingRule) -> Column {
            self.made(.int, in: frame) {
                UInt64(bitPattern: Mathematics.saturated(Double(bitPattern: words[$0]).rounded(rule)))
            }
        }
        switch function {
        case .abs: return self.made(.float, in: frame) { Double(bitPattern: words[$0]).magnitude.bitPattern }
        case .floor: return rounded(.down)
        case .ceil: return rounded(.up)
        case .round: return rounded(.toNearestOrAwayFromZero)
        case .sqrt: return self.made(.float, in: frame) { Double(bitPattern: words[$0]).squareRoot().bitPattern }
        case .toFloat: return column
        default: return nil
        }
    }

    // MARK: - Texts

    private func kernel(_ function: BuiltinFunction, ofTexts column: Column, in frame: Frame) -> Column? {
        let words = column.words
        switch function {
        case .toString: return column
        case .len:
            return self.made(.int, in: frame) { row in
                var count: UInt64 = 0
                // Scalars begin with bytes that do not continue one.
                for byte in self.batch.bytes(TextPlace(rawValue: words[row])) { count += byte & 0xC0 == 0x80 ? 0 : 1 }
                return count
            }
        case .upper, .uppercase, .toUpper:
            return self.mapped(column, in: frame) {
                $0 &- ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") ? 32 : 0)
            } orElse: {
                $0.uppercased()
            }
        case .lower, .lowercase, .toLower:
            return self.mapped(column, in: frame) {
                $0 &+ ($0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? 32 : 0)
            } orElse: {
                $0.lowercased()
            }
        default: return nil
        }
    }

    /// Texts of the same length, byte by byte; by `other` those that are not ASCII.
    @inline(__always)
    private func mapped(
        _ column: Column,
        in frame: Frame,
        _ ascii: (UInt8) -> UInt8,
        orElse other: (String) -> String
    ) -> Column {
        let result = self.pool.column()
        let heap = self.batch.heap
        frame.selection.forEach { row in
            let place = TextPlace(rawValue: column.words[row])
            if heap.reserve(place.count), self.batch.bytes(place).allSatisfy({ $0 < 0x80 }) {
                let start = heap.end
                for byte in self.batch.bytes(place) { heap.append(byte: ascii(byte)) }
                if let made = heap.finish(from: start, bytesMax: Value.bytesMax) {
                    return result.set(row, Cell.string, made.rawValue)
                }
            }
            let text = String(decoding: self.batch.bytes(place), as: UTF8.self)
            self.batch.set(.string(other(text)), result, row)
        }
        result.noteMissing(among: frame.selection)
        return result
    }

    private func kernel(_ function: BuiltinFunction, _ a: Column, _ b: Column, in frame: Frame) -> Column? {
        @inline(__always)
        func made(_ test: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Bool) -> Column {
            self.made(.bool, in: frame) { row in
                let text = self.batch.bytes(TextPlace(rawValue: a.words[row]))
                return test(text, self.batch.bytes(TextPlace(rawValue: b.words[row]))) ? 1 : 0
            }
        }
        switch function {
        case .startsWith: return made { $0.count >= $1.count && $0.prefix($1.count).elementsEqual($1) }
        case .endsWith: return made { $0.count >= $1.count && $0.suffix($1.count).elementsEqual($1) }
        default: return nil
        }
    }

    // MARK: - Templates

    /// A text for each row, put together where texts are kept.
    func template(_ segments: [TemplateSegment], in frame: Frame) -> Column {
        let columns = segments.map { segment -> Column? in
            if case .value(let node, _) = segment { self.column(node, in: frame) } else { nil }
        }
        let texts = segments.map { segment -> [UInt8] in
            switch segment {
            case .text(let text): Array(text.utf8)
            case .value(_, let spelling): Array(spelling.utf8)
            }
        }
        let result = self.pool.column()
        frame.selection.forEach { row in
            let heap = self.batch.heap
            let start = heap.end
            for place in segments.indices {
                // What is longer is no text, and not worth the room.
                if heap.end - start > Value.bytesMax { break }
                self.append(columns[place], row, orElse: texts[place])
            }
            if let made = heap.finish(from: start, bytesMax: Value.bytesMax) {
                result.set(row, Cell.string, made.rawValue)
            } else {
                self.batch.write(self.text(segments, columns, row).map { .string($0) }, to: result, row)
            }
        }
        result.noteMissing(among: frame.selection)
        return result
    }

    /// Appends the text of a value to the heap.
    @inline(__always)
    private func append(_ column: Column?, _ row: Int, orElse spelling: [UInt8]) {
        let heap = self.batch.heap
        let word = column?.words[row] ?? 0
        switch column?.tags[row] ?? Cell.missing {
        case Cell.missing, Cell.null: spelling.withUnsafeBufferPointer { heap.append($0) }
        case Cell.string: heap.append(TextPlace(rawValue: word), input: self.batch.input)
        case Cell.int: heap.append(decimal: Int64(bitPattern: word))
        default:
            var text = column.flatMap { self.batch.value($0, row) }?.text ?? ""
            text.withUTF8 { heap.append($0) }
        }
    }

    /// The same as a string, for what the heap has no room for.
    private func text(_ segments: [TemplateSegment], _ columns: [Column?], _ row: Int) -> String? {
        var text = ""
        for (place, segment) in segments.enumerated() {
            switch segment {
            case .text(let part): text += part
            case .value(_, let spelling):
                if let value = columns[place].flatMap({ self.batch.value($0, row) }), !value.isNull {
                    text += value.text
                } else {
                    text += spelling
                }
            }
            if text.utf8.count > Value.bytesMax { return nil }
        }
        return text
    }
}
