import ClusterAPI
import Testing

@Suite("APIJSON")
struct JSONTests {
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
