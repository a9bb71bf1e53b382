import ClusterAPI
import Testing

@Suite("Page")
struct PageTests {
    private let all = (0..<5).map { Connector(name: "c\($0)", connectorType: "console", params: [:]) }

    @Test("a page names its list, its total and where it stands")
    func shape() throws {
        let page = Page(PageRequest(limit: 1, offset: 1), of: self.all)
        let text = String(decoding: try APIJSON.encode(page), as: UTF8.self)
        #expect(
            text == #"{"connectors":[{"connector_type":"console","name":"c1","params":{}}],"#
                + #""pagination":{"has_more":true,"limit":1,"offset":1,"total":5},"total":5}"#
        )
        let read = try APIJSON.decode(Page<Connector>.self, from: text.utf8)
        #expect(read.items == page.items && read.pagination == page.pagination)
    }

    @Test(
        "a page never reaches outside its list",
        arguments: [
            (2, 0, 2, true), (2, 3, 2, false), (2, 4, 1, false), (50, 0, 5, false), (0, 0, 0, true),
            (2, 5, 0, false), (1000, Int.max, 0, false), (Int.max, 1, 4, false),
        ]
    )
    func bounds(limit: Int, offset: Int, count: Int, hasMore: Bool) {
        let page = Page(PageRequest(limit: limit, offset: offset), of: self.all)
        #expect(page.items.count == count)
        #expect(page.pagination.hasMore == hasMore)
        #expect(page.pagination.total == 5)
    }

    @Test("query parameters have defaults and a limit")
    func query() throws {
        #expect(try PageRequest(limit: nil, offset: nil) == PageRequest(limit: 50, offset: 0))
        #expect(try PageRequest(limit: "1000", offset: "7") == PageRequest(limit: 1000, offset: 7))
        #expect(throws: BodyError(message: "limit must not exceed 1000")) {
            try PageRequest(limit: "1001", offset: nil)
        }
        for bad in ["-1", "x", "", "99999999999999999999"] {
            #expect(throws: BodyError(message: "Invalid query parameters")) {
                try PageRequest(limit: nil, offset: bad)
            }
        }
    }
}
