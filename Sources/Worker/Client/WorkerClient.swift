import AsyncHTTPClient
import ClusterAPI
import NIOCore
import NIOHTTP1

/// Calls to a worker's API, for commands.
public struct WorkerClient: Sendable {
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case delete = "DELETE"
    }

    /// No answer came.
    public struct Unavailable: Error, CustomStringConvertible {
        public let description: String
    }

    private let url: String
    private let apiKey: String?

    private static let answerBytesMax = 16 << 20
    private static let timeout: TimeAmount = .seconds(30)

    /// Redirections are not followed: they would take the key to whoever is named there.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }()

    /// - Parameter url: The worker's, with or without a slash at its end.
    public init(url: String, apiKey: String?) {
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.apiKey = apiKey
    }

    /// Asks, and throws the worker's refusal, an `ErrorBody`, or `Unavailable`.
    public func ask<Answer: Decodable>(
        _ method: Method,
        _ path: String,
        _ body: (any Encodable & Sendable)? = nil,
        for type: Answer.Type = Answer.self
    ) async throws -> Answer {
        let response = try await self.send(method, path, body, deadline: .now() + Self.timeout)
        return try APIJSON.decode(type, from: try await self.bytes(of: response))
    }

    /// Asks for what is streamed, and calls `body` with each line until the stream ends.
    public func follow(_ path: String, _ body: (String) throws -> Void) async throws {
        let response = try await self.send(.get, path, nil, deadline: .distantFuture)
        var rest: [UInt8] = []
        do {
            for try await chunk in response.body {
                rest.append(contentsOf: chunk.readableBytesView)
                let lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                for line in lines.dropLast() { try body(String(decoding: line, as: UTF8.self)) }
                rest = Array(lines.last ?? [])
                guard rest.count <= Self.answerBytesMax else {
                    throw Unavailable(description: "\(self.url) sends a line without an end")
                }
            }
        } catch let error as HTTPClientError {
            throw self.unavailable(error)
        }
    }

    private func send(
        _ method: Method,
        _ path: String,
        _ body: (any Encodable & Sendable)?,
        deadline: NIODeadline
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: self.url + path)
        request.method = HTTPMethod(rawValue: method.rawValue)
        if let apiKey = self.apiKey { request.headers.add(name: "x-api-key", value: apiKey) }
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try APIJSON.encode(body)))
        }
        let response: HTTPClientResponse
        do { response = try await Self.http.execute(request, deadline: deadline) } catch {
            throw self.unavailable(error)
        }
        guard (200..<300).contains(response.status.code) else {
            let bytes = try await self.bytes(of: response)
            let refusal = try? APIJSON.decode(ErrorBody.self, from: bytes)  // what lies between answers with any text
            throw refusal
                ?? ErrorBody(
                    error: "\(self.url) answers \(response.status)",
                    code: .status(Int(response.status.code))
                )
        }
        return response
    }

    private func bytes(of response: HTTPClientResponse) async throws -> [UInt8] {
        do {
            return Array(buffer: try await response.body.collect(upTo: Self.answerBytesMax))
        } catch {
            throw self.unavailable(error)
        }
    }

    private func unavailable(_ error: any Error) -> Unavailable {
        Unavailable(description: "no worker answers at \(self.url): \(error)")
    }
}
