import ClusterState
import Testing

/// What earlier builds have written is read as they meant it.
@Suite("Earlier binary forms")
struct EarlierFormsTests {
    /// Written by a build whose states were of version 2: two workers, a group, a connector, a session.
    private static let version2 = """
        565043530209a8460202027731010d687474703a2f2f773a3930303004640101027732010d687474703a2f2f773a3930303004640302
        010167016e0201700173010277310201016b0171017400010002095f65787465726e616c017002014102422a01017401700178000005
        03017001000102773101010178017001010102773202000001710000000000010163046d7174740204686f7374000168087061737377
        6f726401030102ff002d0100000000000023280000000100000000000000090000000000002328000000000000000000000000000000
        00
        """

    private static func bytes(_ digits: String) -> [UInt8] {
        let digits = digits.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue.map { UInt8($0) } }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    @Test("a state of version 2 is read, and written as version 4")
    func state() throws {
        let state = try ClusterState(decoding: Self.bytes(Self.version2))
        #expect(state.appliedIndex == 9)
        #expect(state.workers.map(\.id) == ["w1", "w2"])
        #expect(state.worker("w2")?.status == .draining && state.worker("w2")?.key == nil)
        let group = try #require(state.group("g"))
        #expect(group.placements.map(\.worker) == ["w1", "w2", nil])
        #expect(group.placements.map(\.status) == [.running, .pending, .pending])
        // One of its two routes led to a pipeline that is not there.
        #expect(group.spec.routes.map(\.to) == ["p"])
        #expect(state.connector("c")?.type == "mqtt")
        #expect(state.keys.isEmpty && state.scalingPolicy == nil)
        #expect(state.encoded()[4] == 4)
        #expect(try ClusterState(decoding: state.encoded()).encoded() == state.encoded())
    }

    @Test("a state of version 3 is read: its workers have no keys of their own")
    func third() throws {
        var state = ClusterState()
        _ = state.apply(.register("w1", labels: ["zone": "a"], key: "k"), index: 1, time: 5)
        let bytes = state.encoded()
        // Version 3 is version 4 without the last part of a worker, which is absent here: the worker is the first list,
        // and ends with its registration index, no drain, no key.
        let worker: [UInt8] = [1, 0, 0]
        let end = try #require(bytes.indices.first { bytes[$0...].starts(with: worker) && $0 > 30 })
        var earlier = Array(bytes[...(end + 1)] + bytes[(end + 3)...])
        earlier[4] = 3
        let read = try ClusterState(decoding: earlier)
        #expect(read.encoded() == bytes)
        #expect(read.worker("w1")?.labels == ["zone": "a"] && read.worker("w1")?.sealedKey == nil)
        #expect(throws: DecodingFailure.self) { try ClusterState(decoding: bytes.dropLast(1) + [0, 0]) }
    }

    @Test("every cut of a state of version 2 is refused, and so is what follows it")
    func cuts() {
        let bytes = Self.bytes(Self.version2)
        for length in bytes.indices {
            #expect(throws: DecodingFailure.self) { try ClusterState(decoding: Array(bytes[..<length])) }
        }
        #expect(throws: DecodingFailure.self) { try ClusterState(decoding: bytes + [0]) }
    }

    @Test("what needs no more than the earlier form is written in it")
    func commands() {
        #expect(Command.register("w1").encoded()[1] == 1)
        #expect(Command.register("w1", key: "k").encoded()[1] == 10)
        #expect(Command.register("w1", sealedKey: [1]).encoded()[1] == 27)
        #expect(Command.deploy("g", on: ["w1"]).encoded()[1] == 4)
        // The longer form of what fits the shorter one.
        let short = Command.register("w1").encoded()
        #expect(throws: DecodingFailure.self) { try Command(decoding: [1, 10] + short.dropFirst(2) + [0, 0, 0]) }
    }
}
