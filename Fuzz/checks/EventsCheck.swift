import Engine

/// What must hold for any bytes that are given as a file of events. The fuzzer tries bytes, and a test the corpus.
package enum EventsCheck {
    /// Passes fields on as they are.
    private static let plain = """
        stream S = merge(E, F)
            .emit(a: a, b: b, timestamp: timestamp, data: data, type: type, event_type: event_type)
        """

    /// Keeps texts and numbers of earlier batches.
    private static let stateful = """
        stream Sums = merge(E, F).partition_by(a).window(3)
            .aggregate(n: count(), s: sum(b), lo: min(b), hi: max(b), l: last(b), t: last(timestamp))
            .emit(a: a, n: n, s: s, lo: lo, hi: hi, l: l, t: t)
        stream Pairs = join(E, F).on(E.a == F.a).window(5s)
            .emit(a: E.a, e: E.b, f: F.b)
        """

    /// Passes events on whole.
    private static let whole = "stream W = merge(E, F).where(a != 1).emit()"

    private static let plans = [Self.plain, Self.stateful, Self.whole].map { source in
        let (plan, diagnostics) = Plan.load(source)
        guard let plan else { preconditionFailure("\(diagnostics)") }
        return plan
    }

    /// What does not hold for the bytes; nil if everything does.
    package static func failure(of bytes: [UInt8]) -> String? {
        for plan in Self.plans {
            let expected = Self.readOneByOne(bytes, plan)
            // The file comes in two parts, cut in various places.
            for split in [bytes.count, bytes.count * Int(bytes.first ?? 0) / 256] {
                let actual = Self.readInBatches(bytes, splitAt: split, plan)
                if let difference = Difference.of(actual, expected) { return "cut at \(split), \(difference)" }
                let sharded = Self.readInShards(bytes, splitAt: split, plan)
                if let difference = Difference.of(sharded, expected) {
                    return "in shards cut at \(split), \(difference)"
                }
            }
        }
        return Self.failure(ofPayload: bytes)
    }

    /// What was emitted, and the lines that hold no event.
    private static func readOneByOne(_ bytes: [UInt8], _ plan: Plan) -> [[UInt8]] {
        var reader = EventFileReader()
        var pipeline = Pipeline(plan)
        var outputs = Outputs()
        var rejected: [[UInt8]] = []
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            do throws(EventFileError) {
                if let event = try reader.read(Array(line)) { pipeline.process(event, into: &outputs) }
            } catch {
                rejected.append(Array("\(error)".utf8))
            }
        }
        return outputs.emitted.map { EventEncoder.outputLine($0) } + rejected
    }

    private static func readInBatches(_ bytes: [UInt8], splitAt split: Int, _ plan: Plan) -> [[UInt8]] {
        guard let pipeline = BatchPipeline(plan) else { preconditionFailure("the program runs over batches") }
        var reader = EventFileReader()
        var (written, rejected): ([UInt8], [[UInt8]]) = ([], [])
        Self.feed(bytes, splitAt: split) { bytes, isLast in
            try pipeline.take(
                bytes,
                reader: &reader,
                isLast: isLast,
                rejected: { rejected.append(Array("\($0.error)".utf8)) },
                output: { $0.appendOutputLines(to: &written) }
            )
        }
        return written.split(separator: UInt8(ascii: "\n")).map { Array($0) } + rejected
    }

    private static func readInShards(_ bytes: [UInt8], splitAt split: Int, _ plan: Plan) -> [[UInt8]] {
        guard let pipeline = ShardedPipeline(plan, key: "a", shardCount: 3) else {
            preconditionFailure("the program runs over batches")
        }
        var (written, rejected): ([UInt8], [[UInt8]]) = ([], [])
        Self.feed(bytes, splitAt: split) { bytes, isLast in
            try pipeline.take(
                bytes,
                isLast: isLast,
                concurrently: { count, body in for number in (0..<count).reversed() { body(number) } },
                rejected: { rejected.append(Array("\($0.error)".utf8)) },
                output: { written.append(contentsOf: $0) }
            )
        }
        return written.split(separator: UInt8(ascii: "\n")).map { Array($0) } + rejected
    }

    /// Gives the bytes in two parts, what was not taken of the first before the second.
    private static func feed(
        _ bytes: [UInt8],
        splitAt split: Int,
        _ take: (UnsafeBufferPointer<UInt8>, _ isLast: Bool) throws -> Int
    ) {
        var rest: ArraySlice<UInt8> = []
        for (part, isLast) in [(bytes[..<split], false), (bytes[split...], true)] {
            rest += part
            // Exactly as much memory as is asked for, so that a sanitizer sees a read beyond it.
            let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: rest.count + BatchPipeline.paddingBytes)
            defer { memory.deallocate() }
            memory.initialize(repeating: 0)
            for (place, byte) in rest.enumerated() { memory[place] = byte }
            do {
                rest = rest.dropFirst(try take(UnsafeBufferPointer(rebasing: memory[..<rest.count]), isLast))
            } catch {
                preconditionFailure("nothing here throws: \(error)")
            }
        }
    }

    /// An event in a payload is written as it is read again.
    private static func failure(ofPayload bytes: [UInt8]) -> String? {
        guard let event = try? EventDecoder.decode(bytes, defaultType: "T", arrival: 0) else { return nil }
        let line = EventEncoder.outputLine(event)
        do {
            let again = EventEncoder.outputLine(try EventDecoder.decode(line, defaultType: nil, arrival: 0))
            return Difference.of([again], [line])
        } catch {
            return "\(error) in \(String(decoding: line, as: UTF8.self))"
        }
    }
}
