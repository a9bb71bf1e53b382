import Testing
import VPL

@testable import Engine

/// Whatever the bytes are, both readers give the same: the events, or the reason why there are none.
@Suite("Damaged frames of events")
struct EventFrameDamageTests {
    private static let programs = [
        "stream S = merge(E, F).emit(a: a, b: b, c: c, t: timestamp, n: type_of(a))",
        "stream S = merge(E, F).where(a != 1).print().emit()",
    ]

    /// The readers, ready for one frame after the other: the programs remember nothing.
    private struct Readers {
        let columns: [BatchPipeline]
        let plans: [Plan]

        init() throws {
            self.plans = try EventFrameDamageTests.programs.map { try #require(Plan.load($0).plan) }
            self.columns = try self.plans.map { try #require(BatchPipeline($0)) }
        }

        /// Whether the frame was read.
        func read(_ frame: [UInt8], _ comment: @autoclosure () -> Comment) -> Bool {
            var decoded: [Event]?
            var failure: EventDecodingError?
            do { decoded = try EventFrame.decode(frame) } catch { failure = error }
            for (plan, columns) in zip(self.plans, self.columns) {
                var (actual, expected) = (Outputs(), Outputs())
                var refusal: EventDecodingError?
                do { try columns.process(frame: frame.span, into: &actual) } catch { refusal = error }
                if let decoded {
                    var pipeline = Pipeline(plan)
                    pipeline.process(decoded, into: &expected)
                }
                #expect(refusal == failure, comment())
                let isSame = BatchPrograms.lines(actual) == BatchPrograms.lines(expected)
                #expect(isSame, comment())
            }
            if let failure { #expect((0...frame.count).contains(failure.offset), comment()) }
            return decoded != nil
        }
    }

    @Test("a byte that is another makes an error or other events", arguments: 1...6 as ClosedRange<UInt64>)
    func flips(seed: UInt64) throws {
        let readers = try Readers()
        var random = SeededGenerator(seed: seed)
        let frame = try #require(EventFrame.encode(EventFrameSamples.events(5, &random)).first)
        for place in frame.indices {
            for change in [1, 2, 4, 8, 16, 32, 64, 128, 255] as [UInt8] {
                var damaged = frame
                damaged[place] ^= change
                _ = readers.read(damaged, "seed \(seed), byte \(place), change \(change)")
            }
        }
    }

    @Test("a frame that is cut short, or long, is none", arguments: 1...6 as ClosedRange<UInt64>)
    func truncations(seed: UInt64) throws {
        let readers = try Readers()
        var random = SeededGenerator(seed: seed)
        let frame = try #require(EventFrame.encode(EventFrameSamples.events(5, &random)).first)
        for length in 0..<frame.count {
            #expect(!readers.read(Array(frame[..<length]), "seed \(seed), length \(length)"))
            // And if it says that this is all there is.
            guard length >= EventFrame.headerBytes else { continue }
            var shorter = Array(frame[..<length])
            shorter.replaceSubrange(16..<20, with: [UInt8(length & 255), UInt8(length >> 8), 0, 0])
            #expect(!readers.read(shorter, "seed \(seed), as if of length \(length)"))
        }
        #expect(!readers.read(frame + [0], "seed \(seed)"))
        #expect(readers.read(frame, "seed \(seed)"))
    }

    @Test("several bytes that are others", arguments: 1...10 as ClosedRange<UInt64>)
    func noise(seed: UInt64) throws {
        let readers = try Readers()
        var random = SeededGenerator(seed: seed)
        let frame = try #require(EventFrame.encode(EventFrameSamples.events(20, &random)).first)
        for round in 0..<300 {
            var damaged = frame
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 6..<frame.count, using: &random)
                damaged[place] = [0, 1, 2, 5, 8, 9, 127, 128, 255].randomElement(using: &random) ?? 0
            }
            _ = readers.read(damaged, "seed \(seed), round \(round)")
        }
    }

    @Test("counts and lengths that promise more than there is, or than may be")
    func hostile() throws {
        let readers = try Readers()
        let huge = [0xFF, 0xFF, 0xFF, 0xFF] as [UInt8]
        let deep = Array(repeatElement([8, 1, 0, 0, 0] as [UInt8], count: 100_000).joined())
        let long = [0, 0, 0x10, 0] as [UInt8]
        for (column, rows, code) in [
            ([], 1, .malformed), ([7], 1, .malformed), ([10], 1, .malformed), ([1, 0], 1, .malformed),
            ([2, 2], 1, .malformed), ([0, 2, 2], 1, .malformed), ([0, 77], 1, .malformed),
            ([0, 8] + huge, 1, .tooLarge), ([0, 9] + huge, 1, .malformed), ([0, 5] + huge, 1, .tooLarge),
            ([5] + huge, 1, .malformed), ([5] + long, 1, .tooLarge), ([0, 5] + long, 1, .tooLarge),
            ([5, 5, 0, 0, 0, 97], 1, .malformed), ([0, 8, 16, 39, 0, 0, 1], 1, .malformed),
            ([5, 1, 0, 0, 0, 0, 0, 0, 0, 97], 2, .malformed), ([5, 1, 0, 0, 0, 2, 0, 0, 0, 0xC3, 0xA9], 2, .notUTF8),
            ([5, 1, 0, 0, 0, 0xFF], 1, .notUTF8), ([0, 5, 1, 0, 0, 0, 0xFF], 1, .notUTF8), ([0] + deep, 1, .tooDeep),
            ([10, 0, 0, 0], 1, .malformed), ([10, 1, 0, 1, 97, 1], 1, .malformed),
            ([10, 1, 0, 1, 0xC3, 0], 1, .notUTF8),
            ([10, 1, 0, 65], 1, .malformed), ([10, 255, 255, 1], 1, .malformed), ([10, 1, 0, 0, 0], 2, .malformed),
        ] as [([UInt8], UInt8, EventDecodingError.Code)] {
            let frame = EventFrameSamples.frame(column, rows: Int(rows))
            _ = readers.read(frame, "\(column.prefix(12))")
            do throws(EventDecodingError) {
                _ = try EventFrame.decode(frame)
                Issue.record("read: \(column.prefix(12))")
            } catch {
                #expect(error.code == code, "\(column.prefix(12)): \(error.message)")
            }
        }
        #expect(readers.read(EventFrameSamples.frame([10, 1, 0, 1, 97, 0, 0], rows: 2), "a text that is there once"))
        #expect(readers.read(EventFrameSamples.frame([3, 1, 0, 0, 0, 0, 0, 0, 0]), "one that is right"))
        #expect(
            readers.read(EventFrameSamples.frame([0] + deep.prefix(31 * 5) + [8, 0, 0, 0, 0]), "as deep as may be")
        )
        #expect(!readers.read(EventFrameSamples.frame([0] + deep.prefix(32 * 5) + [8, 0, 0, 0, 0]), "deeper"))
    }
    @Test("frames that have more than one may, by one")
    func beyondLimits() throws {
        let readers = try Readers()
        func refusal(_ frame: [UInt8]) -> EventDecodingError.Code? {
            _ = readers.read(frame, "\(frame.prefix(60))")
            do throws(EventDecodingError) { _ = try EventFrame.decode(frame) } catch { return error.code }
            return nil
        }
        func ints(_ rows: Int) -> [UInt8] { [3] + Array(repeating: 0, count: 8 * rows) }
        func nulls(_ count: Int) -> [UInt8] {
            [0, 8, UInt8(count & 255), UInt8(count >> 8), 0, 0] + Array(repeating: 1, count: count)
        }
        #expect(refusal(EventFrameSamples.frame(ints(1024), rows: 1024)) == nil)
        #expect(refusal(EventFrameSamples.frame(ints(1025), rows: 1025)) == .tooLarge)
        #expect(refusal(EventFrameSamples.frame(nulls(10_000))) == nil)
        #expect(refusal(EventFrameSamples.frame(nulls(10_001))) == .tooLarge)
        for (count, code) in [(EventLimits.stringBytesMax, nil), (EventLimits.stringBytesMax + 1, .tooLarge)]
            as [(Int, EventDecodingError.Code?)]
        {
            let text =
                [UInt8(count & 255), UInt8(count >> 8 & 255), UInt8(count >> 16), 0]
                + Array(repeating: 97, count: count)
            #expect(refusal(EventFrameSamples.frame([5] + text)) == code)
            #expect(refusal(EventFrameSamples.frame([0, 5] + text)) == code)
        }
        func repeated(_ length: UInt8) -> [UInt8] {
            [10, 1, 0, length] + Array(repeating: 97, count: Int(length)) + [0]
        }
        #expect(refusal(EventFrameSamples.frame(repeated(64))) == nil)
        #expect(refusal(EventFrameSamples.frame(repeated(65))) == .malformed)
        #expect(refusal(EventFrameSamples.frame(ints(1) + [0])) == .malformed)
        #expect(refusal(EventFrameSamples.frame(ints(1), shapes: 0)) == .malformed)
        #expect(refusal(EventFrameSamples.frame(fields: 1024)) == nil)
        #expect(refusal(EventFrameSamples.frame(fields: 1025)) == .tooLarge)
        #expect(refusal(Array(repeating: 0, count: EventFrame.bytesMax)) == .malformed)
    }
}
