import AsyncHTTPClient
import ClusterAPI
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import Security

/// Calls to the coordinators over REST: to the one that answered last, and to the others in turn when it does not.
struct CoordinatorClient: Sendable {
    let client: HTTPClient
    let list: CoordinatorList
    let apiKey: String?
    var credentials: TLSCredentials?

    private static let answerBytesMax = 1 << 20

    /// What came of a call to all coordinators.
    enum Answer<Body: Sendable>: Sendable {
        case answered(Body)
        /// They do not know this worker.
        case unknownWorker
        /// None could be reached, or all refused; the reason of the last one.
        case failed(String)
    }

    func register(_ request: RegisterRequest, timeout: Duration) async -> Answer<RegisterResponse> {
        await self.call("/api/v1/cluster/workers/register", request, timeout: timeout)
    }

    func heartbeat(
        _ request: HeartbeatRequest,
        from workerID: String,
        timeout: Duration
    ) async -> Answer<HeartbeatResponse> {
        await self.call("/api/v1/cluster/workers/\(workerID)/heartbeat", request, timeout: timeout)
    }

    /// Moves this worker's pipelines elsewhere. Answered when that is done, or has taken too long.
    func drain(_ workerID: String, timeout: Duration) async -> Answer<DrainResponse> {
        await self.call(
            "/api/v1/cluster/workers/\(workerID)/drain",
            DrainRequest(timeoutSeconds: UInt32(clamping: timeout.components.seconds)),
            timeout: timeout
        )
    }

    /// This process is no worker of the cluster's any more.
    func deregister(_ workerID: String, incarnation: UInt64, timeout: Duration) async -> Answer<DeletedResponse> {
        await self.call(
            .DELETE,
            "/api/v1/cluster/workers/\(workerID)?incarnation=\(incarnation)",
            nil,
            timeout: timeout
        )
    }

    /// Tries each coordinator once, giving each an equal part of the time, so that one that is dead or deaf does not
    /// use up the whole.
    private func call<Body: Decodable & Sendable>(
        _ path: String,
        _ request: some Encodable,
        timeout: Duration
    ) async -> Answer<Body> {
        do {
            return await self.call(.POST, path, try APIJSON.encode(request), timeout: timeout)
        } catch {
            return .failed("\(error)")
        }
    }

    private func call<Body: Decodable & Sendable>(
        _ method: HTTPMethod,
        _ path: String,
        _ bytes: [UInt8]?,
        timeout: Duration
    ) async -> Answer<Body> {
        let urls = self.list.urlsToCall
        var failure = "there is no coordinator"
        for url in urls {
            switch await self.send(method, url + path, bytes, timeout: TimeAmount(timeout / urls.count)) as Answer<Body>
            {
            case .failed(let reason):
                failure = "\(url): \(reason)"
                if Task.isCancelled { return .failed(failure) }
            case let answer:
                self.list.noteAnswer(of: url)
                return answer
            }
        }
        return .failed(failure)
    }

    private func send<Body: Decodable & Sendable>(
        _ method: HTTPMethod,
        _ url: String,
        _ bytes: [UInt8]?,
        timeout: TimeAmount
    ) async -> Answer<Body> {
        do {
            var request = HTTPClientRequest(url: url)
            request.method = method
            request.tlsConfiguration = self.credentials?.clientConfiguration
            if let apiKey { request.headers.add(name: "x-api-key", value: apiKey) }
            if let bytes {
                request.headers.add(name: "content-type", value: "application/json")
                request.body = .bytes(ByteBuffer(bytes: bytes))
            }
            let response = try await self.client.execute(request, timeout: timeout)
            let answer = try await response.body.collect(upTo: Self.answerBytesMax)
            switch response.status.code {
            case 200..<300: return .answered(try APIJSON.decode(Body.self, from: answer.readableBytesView))
            case 404: return .unknownWorker
            default:
                let refusal = try? APIJSON.decode(ErrorBody.self, from: answer.readableBytesView)  // may be any text
                return .failed("\(response.status.code) \(refusal?.error ?? response.status.reasonPhrase)")
            }
        } catch {
            return .failed("\(error)")
        }
    }
}
