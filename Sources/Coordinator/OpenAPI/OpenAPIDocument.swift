import ClusterAPI
import HTTPTypes
import Hummingbird
import NIOCore

/// `GET /openapi.json`: the whole API in OpenAPI 3.1. A test compares it with the routes there are.
enum OpenAPIDocument {
    static let operations =
        Self.probes + Self.workers + Self.groups + Self.migrations + Self.keys + Self.connectors + Self.observation
        + Self.members + Self.unimplemented

    static let bytes: [UInt8] = Array(Self.json.text.utf8)

    static var json: JSONValue {
        var paths: [String: [String: JSONValue]] = [:]
        for operation in Self.operations {
            paths[operation.path, default: [:]][operation.method.rawValue.lowercased()] = operation.json
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Varpulis coordinator",
                "version": .string(ProductVersion.current),
                "description": """
                Every member of a cluster answers every request; what needs the leader is passed on to it. Every \
                answer has an X-Request-ID, and every refusal the same body.
                """,
            ],
            "paths": .object(paths.mapValues { .object($0) }),
            "components": [
                "securitySchemes": ["key": ["type": "apiKey", "in": "header", "name": "X-API-Key"]],
                "parameters": .object(Self.parameters),
                "responses": [
                    "Refusal": [
                        "description": "Refused, with the reason",
                        "content": ["application/json": ["schema": Schema.reference("Error")]],
                    ]
                ],
                "schemas": .object(
                    Self.commonSchemas.merging(Self.entitySchemas) { first, _ in first }
                        .merging(Self.keySchemas) { first, _ in first }
                        .merging(Self.migrationSchemas) { first, _ in first }
                        .merging(Self.observationSchemas) { first, _ in first }
                        .merging(Self.memberSchemas) { first, _ in first }
                ),
            ],
        ]
    }

    private static let parameters: [String: JSONValue] = [
        "Limit": [
            "name": "limit", "in": "query", "description": "How many items of the list to show.",
            "schema": ["type": "integer", "minimum": 0, "maximum": 1_000, "default": 50],
        ],
        "Offset": [
            "name": "offset", "in": "query", "description": "How many items to pass over.",
            "schema": ["type": "integer", "minimum": 0, "maximum": .integer(.max), "default": 0],
        ],
        "Consistency": [
            "name": "consistency", "in": "query",
            "description": """
            `stale` for the asked member's own state, whatever it has missed; `lease` where the cluster trusts its \
            members' clocks; everything else for all that was acknowledged so far.
            """,
            "schema": ["type": "string"], "example": "stale",
        ],
        "MinIndex": [
            "name": "min_index", "in": "query",
            "description": "The Varpulis-Index of an earlier answer, which the read is to see.",
            "schema": Schema.count, "example": 1,
        ],
        "Wait": [
            "name": "wait", "in": "query", "description": "How many seconds to wait for the pipelines to run.",
            "schema": ["type": "integer", "minimum": 0, "maximum": 60, "default": 8], "example": 0,
        ],
        "Atomic": [
            "name": "atomic", "in": "query", "description": "Whether to withdraw the group unless all of it runs.",
            "schema": ["type": "boolean", "default": false],
        ],
        "IdempotencyKey": [
            "name": "Idempotency-Key", "in": "header",
            "description": "A name under which the request takes effect once, however often it is sent.",
            "schema": Schema.text(1, 255, pattern: "^[!-~]+$"),
        ],
    ]
}

extension Routes {
    func addOpenAPI(to router: RouteTable) {
        router.get("openapi.json") { _, _ -> Response in
            Response(
                status: .ok,
                headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: OpenAPIDocument.bytes))
            )
        }
    }
}
