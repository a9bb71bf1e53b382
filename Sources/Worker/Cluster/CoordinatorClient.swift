import AsyncHTTPClient
import ClusterAPI
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1

/// Calls to the coordinators: to the one that answered last, and to the others in turn when it does not.
actor CoordinatorClient {
    let client: HTTPClient
    let urls: [String]
    let apiKey: String?
    /// The coordinator that answered last.
    private var current = 0

    private static let answerBytesMax = 1 << 20

    /// What came of a call to all coordinators.
    enum Answer<Body: Sendable>: Sendable {
        case answered(Body)
        /// They do not know this worker.
        case unknownWorker
        /// None could be reached, or all refused; the reason of the last one.
        case failed(String)
    }

    init(client: HTTPClient, urls: [String], apiKey: String?) {
        self.client = client
        self.urls = urls.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
        self.apiKey = apiKey
    }

    /// All, with the one that answered last first.
    var urlsInOrder: [String] { Array(self.urls[self.current...] + self.urls[..<self.current]) }

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

    /// Tries each coordinator once, giving each an equal part of the time, so that one that is dead or deaf does not
    /// use up the whole.
    private func call<Body: Decodable & Sendable>(
        _ path: String,
        _ request: some Encodable,
        timeout: Duration
    ) async -> Answer<Body> {
        let bytes: [UInt8]
        do { bytes = try APIJSON.encode(request) } catch { return .failed("\(error)") }
        let share = TimeAmount(timeout / self.urls.count)
        var failure = "there is no coordinator"
        for attempt in 0..<self.urls.count {
            let place = (self.current + attempt) % self.urls.count
            switch await self.post(self.urls[place] + path, bytes, timeout: share) as Answer<Body> {
            case .failed(let reason):
                failure = "\(self.urls[place]): \(reason)"
                if Task.isCancelled { return .failed(failure) }
            case let answer:
                self.current = place
                return answer
            }
        }
        return .failed(failure)
    }

    private func post<Body: Decodable & Sendable>(
        _ url: String,
        _ bytes: [UInt8],
        timeout: TimeAmount
    ) async -> Answer<Body> {
        do {
            var request = HTTPClientRequest(url: url)
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/json")
            if let apiKey { request.headers.add(name: "x-api-key", value: apiKey) }
            request.body = .bytes(ByteBuffer(bytes: bytes))
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
