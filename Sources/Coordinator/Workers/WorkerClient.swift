import AsyncHTTPClient
import ClusterAPI
import ClusterState
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import Security

/// Calls to workers' own REST API, with the key that each wants to be shown.
struct WorkerClient: Sendable {
    let client: HTTPClient
    let secrets: ConnectorSecrets
    /// The cluster's, for workers that have none of their own.
    let apiKey: String?
    let credentials: TLSCredentials?
    static let timeout = TimeAmount.seconds(10)
    static let answerBytesMax = 16 << 20

    /// Why a call brought nothing.
    struct Failure: Error, CustomStringConvertible {
        /// Nil if no answer came at all.
        var status: Int?
        var description: String

        /// Whether the call certainly had no effect.
        var isCertain: Bool { (self.status ?? 504) != 504 }
    }

    func deploy(
        _ request: DeployPipelineRequest,
        at worker: ClusterState.Worker
    ) async throws(Failure) -> DeployPipelineResponse {
        let body: [UInt8]
        do { body = try APIJSON.encode(request) } catch { throw Failure(status: nil, description: "\(error)") }
        return try await self.call(.POST, "/api/v1/pipelines", at: worker, body) { try APIJSON.decode(from: $0) }
    }

    /// Succeeds if the pipeline is gone, also when it was not there.
    func undeploy(_ id: String, epoch: UInt64, at worker: ClusterState.Worker) async throws(Failure) {
        do {
            let path = "/api/v1/pipelines/\(Self.escaped(id))?epoch=\(epoch)"
            let _: DeletedResponse = try await self.call(.DELETE, path, at: worker, nil) {
                try APIJSON.decode(from: $0)
            }
        } catch {
            if error.status == 404 { return }
            throw error
        }
    }

    func inject(
        _ event: EventBody,
        into id: String,
        at worker: ClusterState.Worker,
        for requestID: String
    ) async throws(Failure) -> EventResponse {
        let path = "/api/v1/pipelines/\(Self.escaped(id))/events"
        return try await self.call(.POST, path, at: worker, APIJSON.encode(event), for: requestID) {
            try APIJSON.decode(from: $0)
        }
    }

    /// Events as JSON lines.
    func inject(
        lines: ArraySlice<UInt8>,
        into id: String,
        at worker: ClusterState.Worker,
        for requestID: String
    ) async throws(Failure) -> LinesResponse {
        let path = "/api/v1/pipelines/\(Self.escaped(id))/events-batch?output=true"
        return try await self.call(.POST, path, at: worker, Array(lines), type: "application/x-ndjson", for: requestID)
        {
            try APIJSON.decode(from: $0)
        }
    }

    private func call<Answer>(
        _ method: HTTPMethod,
        _ path: String,
        at worker: ClusterState.Worker,
        _ body: [UInt8]?,
        type contentType: String = "application/json",
        for requestID: String = RequestID.make(),
        decode: (ByteBufferView) throws -> Answer
    ) async throws(Failure) -> Answer {
        do {
            var request = HTTPClientRequest(url: worker.address + path)
            request.method = method
            request.tlsConfiguration = self.credentials?.clientConfiguration
            request.headers.add(name: RequestID.header.rawName, value: requestID)
            if let apiKey = try self.secrets.openKey(of: worker) ?? self.apiKey {
                request.headers.add(name: "x-api-key", value: apiKey)
            }
            if let body {
                request.headers.add(name: "content-type", value: contentType)
                request.body = .bytes(ByteBuffer(bytes: body))
            }
            let response = try await self.client.execute(request, timeout: Self.timeout)
            let bytes = try await response.body.collect(upTo: Self.answerBytesMax)
            guard (200..<300).contains(response.status.code) else {
                let refusal = try? APIJSON.decode(ErrorBody.self, from: bytes.readableBytesView)  // may be any text
                throw Failure(
                    status: Int(response.status.code),
                    description: refusal?.error ?? "the worker answered \(response.status.code)"
                )
            }
            return try decode(bytes.readableBytesView)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(status: nil, description: "\(error)")
        }
    }

    private static func escaped(_ segment: String) -> String {
        String(
            decoding: segment.utf8.flatMap { byte -> [UInt8] in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    [byte]
                default: Array("%\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))".utf8)
                }
            },
            as: UTF8.self
        )
    }
}
