import NIOCore
import RaftCore
import RaftTestSupport
import Testing

@testable import RaftTransport

@Suite("Frames between members")
struct FrameTests {
    private static func bytes(of frame: Frame) -> ByteBuffer {
        var out = ByteBuffer()
        frame.encode(into: &out)
        return out
    }

    private static let seeds: ClosedRange<UInt64> = 1...8

    @Test("a message comes out of its bytes as it went in", arguments: seeds)
    func messagesRoundTrip(seed: UInt64) throws {
        var messages = RandomMessages(seed: seed)
        for _ in 0..<500 {
            let message = messages.next()
            #expect(try Frame.decode(Self.bytes(of: .message(message))) == .message(message))
        }
    }

    @Test("calls, answers, pings and pongs come out of their bytes as they went in")
    func otherFramesRoundTrip() throws {
        let body = ByteBuffer(string: "body")
        let frames: [Frame] = [
            .call(number: 7, body: body), .call(number: .max, body: ByteBuffer()), .answer(number: 0, body: body),
            .ping, .pong,
        ]
        for frame in frames { #expect(try Frame.decode(Self.bytes(of: frame)) == frame) }
    }

    @Test("a message that ends too early, or goes on after its end, is refused", arguments: seeds)
    func lengthsAreExact(seed: UInt64) throws {
        var messages = RandomMessages(seed: seed)
        for _ in 0..<100 {
            let whole = Self.bytes(of: .message(messages.next()))
            for length in 0..<whole.readableBytes {
                let part = try #require(whole.getSlice(at: whole.readerIndex, length: length))
                #expect(throws: WireError.self) { try Frame.decode(part) }
            }
            var longer = whole
            longer.writeInteger(UInt8(0))
            #expect(throws: WireError.trailing) { try Frame.decode(longer) }
        }
    }

    @Test("a damaged frame is decoded or refused, and never traps", arguments: seeds)
    func damageNeverTraps(seed: UInt64) throws {
        var messages = RandomMessages(seed: seed)
        var random = Seeded(seed)
        for _ in 0..<100 {
            let whole = Self.bytes(of: .message(messages.next()))
            for place in 0..<whole.readableBytes {
                var damaged = whole
                let byte = try #require(whole.getInteger(at: place, as: UInt8.self))
                damaged.setInteger(byte ^ UInt8.random(in: 1 ... .max, using: &random), at: place)
                try Self.decodesOrRefuses(damaged)
            }
        }
        for _ in 0..<20_000 {
            var noise = random.bytes(.random(in: 0..<80, using: &random))
            if !noise.isEmpty { noise[0] &= 3 }  // mostly frames that have a content
            try Self.decodesOrRefuses(ByteBuffer(bytes: noise))
        }
    }

    /// What was decoded has the same bytes again: nothing is read into them that is not there.
    private static func decodesOrRefuses(_ bytes: ByteBuffer) throws {
        do throws(WireError) {
            guard let frame = try Frame.decode(bytes) else { return }
            if case .ping = frame { return }
            if case .pong = frame { return }
            #expect(self.bytes(of: frame) == bytes)
        } catch {
            #expect(!error.description.isEmpty)
        }
    }

    @Test("a frame of a kind that this version does not know is skipped, not refused")
    func unknownKinds() throws {
        #expect(try Frame.decode(ByteBuffer(bytes: [6])) == nil)
        #expect(try Frame.decode(ByteBuffer(bytes: [255, 1, 2, 3])) == nil)
        #expect(throws: WireError.truncated) { try Frame.decode(ByteBuffer()) }
    }

    @Test("lengths and numbers beyond their bounds are refused before anything is made of them")
    func bounds() throws {
        func append(previous: UInt64 = 1, count: UInt32, entryLength: UInt32? = nil) -> ByteBuffer {
            var out = ByteBuffer(bytes: [1, 5])
            out.writeInteger(UInt64(1))  // term
            out.writeInteger(previous)
            out.writeInteger(UInt64(1))  // previous term
            out.writeInteger(UInt64(0))  // commit
            out.writeInteger(UInt64(0))  // round
            out.writeInteger(count)
            if let entryLength {
                out.writeInteger(UInt64(1))  // term
                out.writeInteger(UInt64(0))  // time
                out.writeInteger(UInt8(1))
                out.writeInteger(entryLength)
            }
            return out
        }
        #expect(throws: WireError.tooLong("an append")) {
            try Frame.decode(append(count: UInt32(WireLimits.entries) + 1))
        }
        #expect(throws: WireError.tooLong("an append")) { try Frame.decode(append(count: .max)) }
        #expect(throws: WireError.tooLong("an entry")) {
            try Frame.decode(append(count: 1, entryLength: UInt32(Entry.payloadBytesMax) + 1))
        }
        #expect(throws: WireError.tooLong("an entry")) { try Frame.decode(append(count: 1, entryLength: .max)) }
        #expect(throws: WireError.truncated) { try Frame.decode(append(count: 1, entryLength: 1)) }
        #expect(throws: WireError.tooLong("a number")) {
            try Frame.decode(append(previous: WireLimits.number, count: 0))
        }
        #expect(throws: WireError.tooLong("a number")) { try Frame.decode(append(previous: .max, count: 0)) }
    }
}
