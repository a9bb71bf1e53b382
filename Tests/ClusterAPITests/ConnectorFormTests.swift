import ClusterAPI
import Testing

@Suite("A connector as a body says it")
struct ConnectorFormTests {
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
        #expect(try ConnectorForm(json: Self.body(connector)).connector == connector)
        #expect(try APIJSON.decode(Connector.self, from: Self.body(connector)) == connector)
        #expect(try ConnectorForm(json: APIJSON.encode(connector)).connector == connector)
    }

    @Test("without escapes the bytes are the general encoder's too")
    func bytes() throws {
        for connector in Self.connectors.prefix(2) { #expect(try Self.body(connector) == APIJSON.encode(connector)) }
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
            Self.outcome { () throws(BodyError) in try ConnectorForm(json: Array(body.utf8)).connector }
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
                    Self.outcome { () throws(BodyError) in try ConnectorForm(json: bytes).connector }
                        == Self.outcome { () throws(BodyError) in try APIJSON.decode(Connector.self, from: bytes) }
                )
            }
        }
    }

    @Test("the parts come as the body has them, parameters by key, and a new name takes the place of the old")
    func parts() throws {
        let body = #"{"params":{"b":"2","ab":"3","a":""},"name":"c","connector_type":"t"}"#
        var form = try ConnectorForm(json: Array(body.utf8))
        #expect(form.params.map { String(decoding: $0.key, as: UTF8.self) } == ["a", "ab", "b"])
        #expect(form.params.map { String(decoding: $0.value, as: UTF8.self) } == ["", "3", "2"])
        #expect(form.description == nil)
        form.name = Array("d".utf8)[...]
        let expected = Connector(name: "d", connectorType: "t", params: ["a": "", "ab": "3", "b": "2"])
        #expect(form.connector == expected)
        #expect(ConnectorForm(expected).connector == expected)
    }

    /// The connector's own writer's.
    private static func body(_ connector: Connector) -> [UInt8] {
        let form = ConnectorForm(connector)
        var body = ConnectorBody(name: form.name, type: form.type, description: form.description)
        for (key, value) in form.params { body.add(key, value) }
        return body.finish()
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
