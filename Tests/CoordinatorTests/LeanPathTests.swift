import ClusterAPI
import NIOCore
import NIOHTTP1
import RaftCore
import RaftTestSupport
import Testing

@testable import Coordinator

@Suite("The lean path and the router")
struct LeanPathTests {
    private static let connectors = "\(TestCoordinator.prefix)/connectors"
    private static let good = #"{"name":"a","connector_type":"mqtt","params":{"host":"h","password":"p"}}"#

    /// A request, and whether the lean path is to have it.
    struct Case: Sendable, CustomTestStringConvertible {
        var method: String
        var path: String
        var body = ""
        var headers = ["x-api-key: \(TestCoordinator.key)", "content-type: application/json"]
        var isLean = true

        var testDescription: String { "\(self.method) \(self.path) \(self.body.prefix(60)) \(self.headers)" }

        func text(_ more: [String] = []) -> String {
            let length = self.body.isEmpty ? [] : ["content-length: \(self.body.utf8.count)"]
            let lines = ["\(self.method) \(self.path) HTTP/1.1", "host: h"] + self.headers + length + more
            return (lines + ["", self.body]).joined(separator: "\r\n")
        }
    }

    private static let cases: [Case] =
        [
            Case(method: "POST", path: connectors, body: good),
            Case(method: "POST", path: connectors, body: good.replacing("\"p\"", with: "\"q\"")),
            Case(method: "GET", path: "\(connectors)/a"),
            Case(method: "GET", path: "\(connectors)/a?consistency=stale"),
            Case(method: "GET", path: "\(connectors)/a?consistency=lease"),
            Case(method: "GET", path: "\(connectors)/missing"),
            Case(method: "GET", path: "\(connectors)/missing?consistency=stale"),
            Case(method: "PUT", path: "\(connectors)/a", body: good.replacing("\"h\"", with: "\"other\"")),
            Case(method: "PUT", path: "\(connectors)/a", body: good.replacing("\"p\"", with: "\"********\"")),
            Case(method: "PUT", path: "\(connectors)/missing", body: good),
            Case(method: "PUT", path: "\(connectors)/missing", body: good.replacing("\"p\"", with: "\"********\"")),
            Case(method: "DELETE", path: "\(connectors)/missing"),
        ]
        // What the rules refuse.
        + [
            "{", "[]", "{}", #"{"name":1}"#, good + "x", good.replacing("mqtt", with: "smtp"),
            good.replacing("\"h\"", with: "\"\""), good.replacing("\"a\"", with: "\"1a\""),
            good.replacing("\"a\"", with: #""\u0061""#),
        ].map { Case(method: "POST", path: connectors, body: $0) }
        + [
            Case(method: "PUT", path: "\(connectors)/1a", body: good),
            Case(method: "PUT", path: "\(connectors)/a-b", body: good),
        ]
        // What the lean path does not touch.
        + [
            Case(method: "GET", path: connectors, isLean: false),
            Case(method: "GET", path: "\(connectors)/", isLean: false),
            Case(method: "GET", path: "\(connectors)/a/b", isLean: false),
            Case(method: "GET", path: "\(connectors)/%61", isLean: false),
            Case(method: "GET", path: "\(connectors)/%zz", isLean: false),
            Case(method: "GET", path: "\(connectors)/a?consistency=other", isLean: false),
            Case(method: "GET", path: "\(connectors)/a?", isLean: false),
            Case(method: "GET", path: "/api/v1/cluster//connectors/a", isLean: false),
            Case(method: "GET", path: "\(connectors)/a", body: "{}", isLean: false),
            Case(method: "POST", path: connectors, isLean: false),
            Case(method: "POST", path: "\(connectors)/a", body: good, isLean: false),
            Case(method: "PUT", path: connectors, body: good, isLean: false),
            Case(method: "PUT", path: "\(connectors)/a?consistency=stale", body: good, isLean: false),
            Case(method: "GET", path: "/health", isLean: false),
            Case(method: "POST", path: connectors, body: good, headers: [], isLean: false),
            Case(method: "POST", path: connectors, body: good, headers: ["x-api-key: other"], isLean: false),
            Case(method: "GET", path: "\(connectors)/a", headers: ["x-api-key:"], isLean: false),
            Case(
                method: "POST",
                path: connectors,
                body: good,
                headers: ["x-api-key: \(TestCoordinator.key)", "content-type: text/plain"],
                isLean: false
            ),
            Case(
                method: "POST",
                path: connectors,
                body: good.replacing("\"h\"", with: "\"" + String(repeating: "h", count: 64 << 10) + "\""),
                isLean: false
            ),
        ]

    @Test(
        "the lean path takes plain requests of its endpoints from callers who may, and nothing else",
        arguments: cases
    )
    func table(request: Case) throws {
        let secrets = try ConnectorSecrets(apiKey: nil, cluster: ClusterID(high: 1, low: 2))
        let keys = KeyMemory(try KeyRing(clusterKey: TestCoordinator.key, file: nil))
        let table = LeanTable(endpoints: ConnectorEndpoints(secrets: secrets).all)
        func isTaken(_ text: String) -> Bool {
            guard case .head(let head) = Array(text.utf8).withUnsafeBytes(RequestHead.read) else { return false }
            return keys.caller(showing: head.key).map { table.work(for: head, by: $0) != nil } ?? false
        }
        #expect(isTaken(request.text()) == request.isLean)
        #expect(!isTaken(request.text(["x-unknown: 1"])))
    }

    @Test("both answer every request with the same status, headers and body")
    func sameAnswers() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let connection = try await RawConnection(to: coordinator.port)
            for request in Self.cases {
                // The first of each pair may create or change something, and the second finds it so.
                _ = try await connection.exchange(request.text())
                let lean = try await connection.exchange(request.text())
                let general = try await connection.exchange(request.text(["x-unknown: 1"]))
                #expect(lean == general, "\(request.testDescription)")
                #expect(lean.status.hasPrefix("HTTP/1.1 "))
                #expect(lean.headers.contains("server: varpulis"))
            }
            try await connection.close()
        }
    }

    @Test("requests sent together on one connection are answered in their order, whoever answers them")
    func pipelining() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let names = (0..<20).map { "c\($0)" }
            let connection = try await RawConnection(to: coordinator.port)
            var text = ""
            for (number, name) in names.enumerated() {
                let body = Self.good.replacing("\"a\"", with: "\"\(name)\"")
                let more = number % 5 == 4 ? ["x-unknown: 1"] : []
                text += Case(method: "POST", path: Self.connectors, body: body).text(more)
                text += Case(method: "GET", path: "\(Self.connectors)/\(name)").text()
            }
            try await connection.send(text)
            for name in names {
                for status in ["201", "200"] {
                    let answer = try await connection.answer()
                    #expect(answer.status.hasPrefix("HTTP/1.1 \(status) "))
                    #expect(answer.body.contains(#""name":"\#(name)""#))
                }
            }
            try await connection.close()
        }
    }

    @Test("a connection goes on after requests of every kind, and ends when it is asked to")
    func mixed() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let connection = try await RawConnection(to: coordinator.port)
            let get = Case(method: "GET", path: "\(Self.connectors)/missing")
            for _ in 0..<3 {
                #expect(try await connection.exchange(get.text()).status.hasPrefix("HTTP/1.1 404 "))
                let health = Case(method: "GET", path: "/health", headers: [])
                #expect(try await connection.exchange(health.text()).status.hasPrefix("HTTP/1.1 200 "))
            }
            let chunked =
                "POST \(Self.connectors) HTTP/1.1\r\nhost: h\r\nx-api-key: \(TestCoordinator.key)\r\n"
                + "transfer-encoding: chunked\r\n\r\n"
                + "\(String(Self.good.utf8.count, radix: 16))\r\n\(Self.good)\r\n0\r\n\r\n"
            #expect(try await connection.exchange(chunked).status.hasPrefix("HTTP/1.1 201 "))
            #expect(try await connection.exchange(get.text()).status.hasPrefix("HTTP/1.1 404 "))
            #expect(try await connection.exchange(get.text(["connection: close"])).status.hasPrefix("HTTP/1.1 404 "))
            #expect(await eventually { !connection.isOpen })

            let lean = try await RawConnection(to: coordinator.port)
            #expect(try await lean.exchange(get.text()).status.hasPrefix("HTTP/1.1 404 "))
            try await lean.endInput()
            #expect(await eventually { !lean.isOpen })
        }
    }

    @Test("the date is written as HTTP asks")
    func date() {
        #expect(HTTPDate.format(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.format(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(HTTPDate.line.count == "Date: ".utf8.count + 29 + 2)
    }
}

extension RawConnection {
    struct Answer: Equatable, Sendable {
        var status: String
        /// In lower case, sorted, without those that tell the moment.
        var headers: [String]
        var body: String
    }

    /// Sends a request and waits for its answer.
    func exchange(_ text: String) async throws -> Answer {
        try await self.send(text)
        return try await self.answer()
    }

    /// The next answer that has not been taken, once all of it is there.
    func answer() async throws -> Answer {
        var found: (Answer, Int)?
        _ = await eventually {
            found = Self.parse(self.received)
            return found != nil
        }
        let (answer, length) = try #require(found)
        self.drop(length)
        return answer
    }

    private static func parse(_ text: String) -> (Answer, Int)? {
        let bytes = Array(text.utf8)
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n").map(String.init)
        let headers = lines.dropFirst().map { line in
            // Two writes have two places in the log.
            line.lowercased().hasPrefix("varpulis-index: ") ? "varpulis-index" : line.lowercased()
        }
        let length = headers.first { $0.hasPrefix("content-length: ") }.flatMap { Int($0.dropFirst(16)) } ?? 0
        let body = bytes[end.upperBound...].prefix(length)
        guard body.count == length else { return nil }
        let telling = ["date: ", "x-varpulis-applied-index: "]
        let kept = headers.filter { header in !telling.contains { header.hasPrefix($0) } }.sorted()
        let answer = Answer(status: lines[0], headers: kept, body: String(decoding: body, as: UTF8.self))
        return (answer, end.upperBound + length)
    }
}
