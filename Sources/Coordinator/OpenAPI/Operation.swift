import ClusterAPI
import HTTPTypes

/// One operation of the API, described.
struct Operation: Sendable {
    private(set) var method: HTTPRequest.Method
    /// As OpenAPI has it: `/api/v1/cluster/workers/{id}`.
    private(set) var path: String
    private var summary: String
    private var least: Role?
    private var parameters: [JSONValue] = []
    private var body: JSONValue?
    private var answers: [String: JSONValue] = [:]

    /// - Parameter least: nil for what needs no key.
    init(_ method: HTTPRequest.Method, _ path: String, _ summary: String, _ least: Role? = nil) {
        self.method = method
        self.path = path
        self.summary = summary
        self.least = least
        for part in path.split(separator: "/") where part.hasPrefix("{") {
            self.parameters.append([
                "name": .string(String(part.dropFirst().dropLast())), "in": "path", "required": true,
                "schema": ["type": "string", "minLength": 1],
            ])
        }
        self = self.refuses(429, 500)
        if least != nil { self = self.refuses(400, 401, 403) }
    }

    /// - Parameter schema: the name of one of the document's.
    func answers(_ status: Int, _ schema: String, type: String = "application/json") -> Operation {
        var operation = self
        operation.answers[String(status)] = [
            "description": .string(HTTPResponse.Status(code: status).reasonPhrase),
            "content": [type: ["schema": Schema.reference(schema)]],
        ]
        return operation
    }

    /// Refusals, all with the same body.
    func refuses(_ statuses: Int...) -> Operation {
        var operation = self
        for status in statuses {
            operation.answers[String(status)] = ["$ref": "#/components/responses/Refusal"]
        }
        return operation
    }

    /// What goes to the leader, or waits for it.
    var led: Operation { self.refuses(421, 502, 503, 504) }

    /// What takes a body in JSON.
    func takes(_ schema: String, isRequired: Bool = true, example: JSONValue? = nil) -> Operation {
        var operation = self.refuses(413, 415)
        var content: [String: JSONValue] = ["schema": Schema.reference(schema)]
        if let example { content["example"] = example }
        operation.body = [
            "required": .bool(isRequired), "content": ["application/json": .object(content)],
        ]
        return operation
    }

    /// What may be named, so as to be sent again.
    var named: Operation {
        var operation = self.refuses(409, 422)
        operation.parameters.append(["$ref": "#/components/parameters/IdempotencyKey"])
        return operation
    }

    func query(_ names: String...) -> Operation {
        var operation = self
        operation.parameters += names.map { ["$ref": .string("#/components/parameters/\($0)")] }
        return operation
    }

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "summary": .string(self.summary),
            "operationId": .string(self.identifier),
            "responses": .object(self.answers),
            "security": self.least == nil ? [] : [["key": []]],
        ]
        if let least { members["description"] = .string("Needs a key with the role \(least) or a greater one.") }
        if !self.parameters.isEmpty { members["parameters"] = .array(self.parameters) }
        if let body { members["requestBody"] = body }
        return .object(members)
    }

    /// `get_workers_id` for `GET /api/v1/cluster/workers/{id}`.
    private var identifier: String {
        let words = self.path.replacing("/api/v1/cluster", with: "").split { !$0.isLetter && !$0.isNumber }
        return ([self.method.rawValue.lowercased()] + words.map(String.init)).joined(separator: "_")
    }
}
