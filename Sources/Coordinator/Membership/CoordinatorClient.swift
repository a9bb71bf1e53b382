import AsyncHTTPClient
import ClusterAPI
import NIOCore
import NIOHTTP1
import NIOPosix
public import RaftCore
public import Security

/// Asks coordinators, from outside the cluster: the first that answers is as good as any other.
public struct CoordinatorClient: Sendable {
    /// In the order in which they are asked.
    public let coordinators: [PeerAddress]
    private let apiKey: String?
    private let credentials: TLSCredentials?
    /// A write may wait 15 seconds for its leader.
    private static let timeout = TimeAmount.seconds(20)
    private static let bodyBytesMax = 16 << 20

    /// A request has one deadline, its own: whoever waits for a worker to be emptied hears nothing until then. Redirections
    /// are not followed: they would take the key to whoever is named there.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.timeout.connect = .seconds(10)
        configuration.timeout.read = nil
        configuration.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }()

    public enum Method: String, Sendable { case get = "GET", post = "POST", put = "PUT", delete = "DELETE" }

    public init(coordinators: [PeerAddress], apiKey: String?, credentials: TLSCredentials? = nil) {
        self.coordinators = coordinators
        self.apiKey = apiKey
        self.credentials = credentials
    }

    /// No coordinator that was asked can tell, or do what it was asked for, now.
    public struct Unavailable: Error, CustomStringConvertible {
        /// What came of each.
        public var reasons: [String]
        /// Whether what was asked for may have been done, or may yet be.
        public var mayHaveEffect: Bool
        public var description: String { "No coordinator answers: \(self.reasons.joined(separator: "; "))." }
    }

    /// Asks one coordinator after the other until one answers. Throws its refusal as an `ErrorBody`.
    ///
    /// A request that changes something goes under one name wherever it is sent, and so takes effect once.
    ///
    /// - Parameter patience: how long the request asks a coordinator to wait, besides the time that any may take.
    public func ask<Answer: Decodable>(
        _ method: Method,
        _ path: String,
        _ body: (any Encodable & Sendable)? = nil,
        patience: Duration = .zero,
        for type: Answer.Type = Answer.self
    ) async throws -> Answer {
        let name = Incarnation(.random(in: .min ... .max)).hexadecimal
        let timeout = Self.timeout + TimeAmount(patience)
        var failure = Unavailable(reasons: [], mayHaveEffect: false)
        for coordinator in self.coordinators {
            var request = HTTPClientRequest(url: coordinator.description + path)
            request.method = HTTPMethod(rawValue: method.rawValue)
            request.tlsConfiguration = self.credentials?.clientConfiguration
            if let apiKey { request.headers.add(name: "x-api-key", value: apiKey) }
            if method != .get { request.headers.add(name: "idempotency-key", value: name) }
            if let body {
                request.headers.add(name: "content-type", value: "application/json")
                request.body = .bytes(ByteBuffer(bytes: try APIJSON.encode(body)))
            }
            let status: Int
            let bytes: ByteBuffer
            do {
                let response = try await Self.http.execute(request, timeout: timeout)
                status = Int(response.status.code)
                bytes = try await response.body.collect(upTo: Self.bodyBytesMax)
            } catch let error as CancellationError {
                throw error
            } catch {
                let reason = Reason(error)
                failure.reasons.append("\(coordinator) (\(reason.words))")
                if method != .get && !reason.isCertain { failure.mayHaveEffect = true }
                continue
            }
            if (200..<300).contains(status) { return try APIJSON.decode(type, from: bytes.readableBytesView) }
            guard let refusal = try? APIJSON.decode(ErrorBody.self, from: bytes.readableBytesView) else {
                failure.reasons.append("\(coordinator) (status \(status), and not in a coordinator's words)")
                continue
            }
            guard [.notLeader, .overloaded, .outcomeUnknown].contains(refusal.code) else { throw refusal }
            failure.reasons.append("\(coordinator) (\(refusal.error))")
            if refusal.outcome == .unknown { failure.mayHaveEffect = true }
        }
        throw failure
    }
}

/// Why a request got no answer.
private struct Reason {
    var words: String
    /// Whether it certainly did not arrive.
    var isCertain: Bool

    init(_ error: any Error) {
        switch error {
        case let error as HTTPClientError where error == .connectTimeout:
            (self.words, self.isCertain) = ("not reached in time", true)
        case let error as HTTPClientError:
            (self.words, self.isCertain) = (
                error == .deadlineExceeded ? "no answer in time" : "the connection broke", false
            )
        case is NIOConnectionError, is IOError:
            (self.words, self.isCertain) = ("not reached", error is NIOConnectionError)
        default:
            (self.words, self.isCertain) = ("\(error)", false)
        }
    }
}
