import ClusterAPI
import Testing

@Suite("A connector's own reader and writer")
struct ConnectorJSONTests {
    private static let connectors = [
        Connector(name: "c", connectorType: "mqtt", params: ["host": "h", "port": "1883"]),
        Connector(name: "", connectorType: "", params: [:], description: ""),
        Connector(name: "n", connectorType: "console", params: ["": "", "b": "x", "B": "y", "a": "z"]),
        Connector(
            name: "e",
            connectorType: "t",
            params: ["k\"\\\n\r\t/\u{1}": "\u{1f}\u{7f}ü🦊\u{2028}"],
            description: "ö/"
        ),
    ]

    @Test("what is written is what the general encoder writes, and is read back by both readers", arguments: connectors)
    func roundTrip(connector: Connector) throws {
        #expect(try Connector(json: connector.json) == connector)
        #expect(try APIJSON.decode(Connector.self, from: connector.json) == connector)
        #expect(try Connector(json: APIJSON.encode(connector)) == connector)
    }

    @Test("without escapes the bytes are the general encoder's too")
    func bytes() throws {
        for connector in Self.connectors.prefix(2) { #expect(try connector.json == APIJSON.encode(connector)) }
    }

    @Test(
        "whatever the body is, the reader says of it what the general decoder says",
        arguments: [
            #"{"name":"c","connector_type":"mqtt","params":{"host":"h"}}"#,
            " {\t\"params\" : { } ,\r\n\"connector_type\":\"a\" , \"name\":\"b\",\"description\":\"d\" } ",
            #"{"name":"c","connector_type":"mqtt","params":{"host":"\u0068\n"}}"#,
            #"{"name":"c","connector_type":"mqtt","params":{},"description":null,"more":[1,{"a":true}]}"#,
            #"{"name":"c","name":"d","connector_type":"mqtt","params":{}}"#,
            #"{"name":"c","connector_type":"mqtt","params":{"a":"1","a":"2"}}"#,
            #"{"name":"c","connector_type":"mqtt"}"#, #"{"connector_type":"mqtt","params":{}}"#,
            #"{"name":1,"connector_type":"mqtt","params":{}}"#,
            #"{"name":"c","connector_type":"mqtt","params":{"port":1883}}"#,
            #"{"name":"c","connector_type":"mqtt","params":[]}"#, #"{"name":"c","connector_type":"mqtt","params":{}"#,
            #"{"name":"c","connector_type":"mqtt","params":{}}x"#,
            #"{"name":"c","connector_type":"mqtt","params":{},}"#,
            "{\"name\":\"a\nb\",\"connector_type\":\"mqtt\",\"params\":{}}", "", " ", "null", "[]", "{}", "\"",
            "{\"name",
        ]
    )
    func likeTheGeneralDecoder(body: String) {
        #expect(
            Self.outcome { () throws(BodyError) in try Connector(json: body.utf8) }
                == Self.outcome { () throws(BodyError) in try APIJSON.decode(Connector.self, from: body.utf8) }
        )
    }

    @Test("a body cut or damaged anywhere is read as the general decoder reads it")
    func damage() {
        let body = Array(#"{"name":"c","connector_type":"mqtt","params":{"host":"hé"},"description":"d"}"#.utf8)
        for place in body.indices {
            let damaged = [0x00, 0x20, 0x22, 0x5C, 0x7B, 0x7D].map { Self.replacing(place, of: body, by: $0) }
            for bytes in damaged + [Array(body[..<place])] {
                #expect(
                    Self.outcome { () throws(BodyError) in try Connector(json: bytes) }
                        == Self.outcome { () throws(BodyError) in try APIJSON.decode(Connector.self, from: bytes) }
                )
            }
        }
    }

    private static func replacing(_ place: Int, of bytes: [UInt8], by byte: UInt8) -> [UInt8] {
        var bytes = bytes
        bytes[place] = byte
        return bytes
    }

    private static func outcome(_ read: () throws(BodyError) -> Connector) -> Result<Connector, BodyError> {
        Result(catching: read)
    }
}
