import ClusterAPI
import Engine
import Testing

@testable import Worker

@Suite struct PayloadLookTests {
    private static func replica(_ payload: String, key: String? = "k", of count: Int = 1000) -> Int {
        PayloadLook.replica(of: Array(payload.utf8), key: key.map { Array($0.utf8) }, count: count)
    }

    /// Among a thousand replicas two that agree do so for the same reason, nearly always.
    @Test(arguments: [
        (#"{"k":"alpha"}"#, JSONValue.string("alpha")), (#"{"a":{"k":1},"k" : "alpha" ,"z":[]}"#, .string("alpha")),
        (#"{"k":"al\u0070ha"}"#, .string("alpha")), (#"{"\u006b":"alpha"}"#, .string("alpha")),
        (#"{"k":"a","k":"alpha"}"#, .string("alpha")), (#"{"k":"é\"\n"}"#, .string("é\"\n")),
        (#"{"k":7}"#, .integer(7)),
        (#"{"k":-7}"#, .integer(-7)), (#"{"k":-0}"#, .integer(0)), (#"{"k":7.50}"#, .double(7.5)),
        (#"{"k":123456789012345678901}"#, .double(1.2345678901234568e20)), (#"{"k":null}"#, .null),
        (#"{"k":true}"#, .bool(true)), (#"{"k":[1, 2]}"#, .array([.integer(1), .integer(2)])),
        (#"{"k":{"b":"}","a":1}}"#, .object(["a": .integer(1), "b": .string("}")])),
        (#"{"k":"x","data":{"k":"alpha"}}"#, .string("alpha")), (#"{"fields":{"k":"alpha"},"k":1}"#, .string("alpha")),
        (#"{"data":{"k":1},"fields":{"k":2}}"#, .integer(1)), (#"{"data":7,"k":"alpha"}"#, .string("alpha")),
    ])
    func `a worker finds the replica that a coordinator would choose`(payload: String, key: JSONValue) throws {
        #expect(Self.replica(payload) == ReplicaHash.replica(for: key, of: 1000))
        // And it is the value that the program sees.
        let event = try EventDecoder.decode(Array(payload.utf8), defaultType: "T", arrival: 0)
        let seen = try JSONValue(parsing: EventEncoder.json(try #require(event.fields["k"])))
        #expect(seen == key)
    }

    @Test(arguments: [
        "", "{", "{}", "[1]", #"{"x":1}"#, #"{"data":{"x":1},"k":1}"#, #"{"k":"#, #"{"k":"abc"#, #"{"k" 1}"#,
        #"{"k":\"#,
        #"{"k":"\"#, #"{"a":[[[{"k":1}"#, #"{"k":tru}"#,
    ])
    func `an event without the key, and what is none, belongs to the first replica`(payload: String) {
        #expect(Self.replica(payload) == 0)
    }

    @Test func `without a key the whole payload counts`() {
        let replicas = Set((0..<100).map { Self.replica(#"{"k":"same","n":\#($0)}"#, key: nil, of: 4) })
        #expect(replicas == [0, 1, 2, 3])
        #expect(Self.replica("no JSON", key: nil) == Self.replica("no JSON", key: nil))
    }

    @Test(arguments: [
        (#"{"event_type":"A","type":"B"}"#, "A"), (#"{"type":"B"}"#, "B"), (#"{"event_type":1,"type":"B"}"#, "B"),
        (#"{"event_type":"\u0041"}"#, "A"), (#"{"x":1}"#, nil), ("none", nil),
    ])
    func `the type is the one that the engine reads`(payload: String, type: String?) {
        #expect(PayloadLook.type(of: Array(payload.utf8)) == type)
    }

    @Test func `nothing that is cut off or garbled leads astray`() {
        let whole = Array(#"{"a":{"b":["x\"y",{}]},"event_type":"T","k":"v","data":{"k":[1,{"c":"\\"}]}}"#.utf8)
        let key = Array("k".utf8)
        for end in whole.indices {
            let replica = PayloadLook.replica(of: Array(whole[..<end]), key: key, count: 8)
            #expect((0..<8).contains(replica))
            for byte in [UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "}"), 0, 0xff] {
                var garbled = whole
                garbled[end] = byte
                #expect((0..<8).contains(PayloadLook.replica(of: garbled, key: key, count: 8)))
                _ = PayloadLook.type(of: garbled)
            }
        }
    }
}
