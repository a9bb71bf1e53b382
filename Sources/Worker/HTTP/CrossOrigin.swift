import HTTPTypes

/// Lets pages of any origin call the API: who may do what is a matter of keys, which no browser adds by itself.
enum CrossOrigin {
    private static let methods = "GET, POST, DELETE, OPTIONS"
    private static let headers =
        "content-type, x-api-key, x-admin-key, authorization, x-request-id, traceparent"

    /// What every answer carries.
    static func mark(_ answer: inout HTTPFields) {
        answer[.accessControlAllowOrigin] = "*"
        answer[.accessControlExposeHeaders] = "x-request-id, retry-after"
    }

    /// What the answer to a browser's question carries as well.
    static func markPreflight(_ answer: inout HTTPFields) {
        answer[.accessControlAllowMethods] = Self.methods
        answer[.accessControlAllowHeaders] = Self.headers
        answer[.accessControlMaxAge] = "600"
    }
}
