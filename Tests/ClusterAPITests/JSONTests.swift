import ClusterAPI
import Testing

@Suite("APIJSON")
struct JSONTests {
    @Test("every kind of value survives, and keys come out sorted")
    func values() throws {
        let text =
            #"{"a":null,"b":true,"c":-9223372036854775808,"d":1.5,"e":"x/y","f":[1,"2",[]],"g":{"k":{}},"h":1e+300}"#
        let value = try APIJSON.decode(JSONValue.self, from: text.utf8)
        #expect(
            value
                == .object([
                    "a": .null, "b": .bool(true), "c": .integer(.min), "d": .double(1.5), "e": .string("x/y"),
                    "f": .array([.integer(1), .string("2"), .array([])]), "g": .object(["k": .object([:])]),
                    "h": .double(1e300),
                ])
        )
        #expect(String(decoding: try APIJSON.encode(value), as: UTF8.self) == text)
    }

    @Test("a number that does not fit 64 bits is a double")
    func bigNumber() throws {
        #expect(
            try APIJSON.decode(JSONValue.self, from: "18446744073709551616".utf8) == .double(18_446_744_073_709_551_616)
        )
    }

    @Test(
        "a refused body says where and why",
        arguments: [
            ("{", "the body is not valid JSON, or a number in it is out of range"),
            ("", "the body is not valid JSON, or a number in it is out of range"),
            ("[]", "the body has the wrong type"), ("{}", "missing field `name`"),
            (#"{"name":1,"pipelines":[]}"#, "field `name` has the wrong type"),
            (#"{"name":"g","pipelines":[{"name":"p"}]}"#, "missing field `source` in `pipelines[0]`"),
            (
                #"{"name":"g","pipelines":[{"name":"p","source":"s","replicas":-1}]}"#,
                "the body is not valid JSON, or a number in it is out of range"
            ),
        ]
    )
    func refusals(body: String, message: String) {
        #expect(throws: BodyError(message: message)) {
            try APIJSON.decode(PipelineGroupSpec.self, from: body.utf8)
        }
    }
}
