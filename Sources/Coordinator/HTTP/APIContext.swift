import ClusterState
import HTTPTypes
import Hummingbird
import Logging
import Security

/// What is known of a request besides itself.
struct APIContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Says the request's name with whatever it says.
    var logger: Logger
    /// Nil until the caller has shown a key, or another member has vouched for them.
    var caller: Caller?
    /// Where the request came from; of one that another member passed on, nobody knows here.
    let client: ClientAddress
    /// What another member passed on with the request: it is answered here, or refused, but never passed on again.
    let passage: Passage?
    /// The try at carrying the request out that is under way here. Commands are proposed for it.
    var attempt: Attempt?

    /// The name under which the request is in the logs.
    var requestID: String
    /// Who sent it; nil where that can't be told.
    let remote: String?
    /// Whether it has been taken in before: by another member, or by the lean path.
    let isInternal: Bool

    /// The number under which the request was tried before it came to the router, if it may have taken effect.
    var ticket: ProcessSession.Ticket?

    var isForwarded: Bool { self.passage != nil }
    var role: Role? { self.caller?.role }

    init(source: ApplicationRequestContextSource) {
        self.coreContext = CoreRequestContextStorage(source: source)
        self.client = ClientAddress(source.channel.remoteAddress)
        self.passage = nil
        self.requestID = ""
        self.logger = source.logger
        self.remote = source.channel.remoteAddress.map { $0.ipAddress ?? "\($0)" }
        self.isInternal = false
    }

    init(forwardedFor caller: Caller, _ passage: Passage, requestID: String, logger: Logger) {
        self.coreContext = CoreRequestContextStorage(source: Member(logger: logger))
        self.caller = caller
        self.client = .other
        self.passage = passage
        self.logger = logger
        self.requestID = requestID
        self.remote = nil
        self.isInternal = true
    }

    init(continuing ticket: ProcessSession.Ticket, for caller: Caller, requestID: String, logger: Logger) {
        self.coreContext = CoreRequestContextStorage(source: Member(logger: logger))
        self.caller = caller
        self.client = .other
        self.passage = nil
        self.ticket = ticket
        self.logger = logger
        self.requestID = requestID
        self.remote = nil
        self.isInternal = true
    }

    private struct Member: RequestContextSource { let logger: Logger }

    func require(_ least: Role) throws(APIError) {
        guard let role = self.role else { throw APIError(.unauthorized, "Invalid or missing API key") }
        guard role >= least else { throw APIError(.forbidden, "Insufficient permissions for this operation") }
    }

    /// Only the worker itself, or an admin.
    func require(speaking worker: ClusterState.Worker) throws(APIError) {
        guard self.caller?.maySpeak(for: worker) == true else {
            throw APIError(.forbidden, "Worker \(worker.id) was registered with another API key")
        }
    }

    /// A part of the path, its percent-encoding undone.
    func parameter(_ name: String) throws(APIError) -> String {
        guard let value = self.parameters.get(name), !value.isEmpty else {
            throw APIError(.badRequest, "The path lacks \(name)")
        }
        guard let decoded = Self.percentDecoded(value) else {
            throw APIError(.badRequest, "The path's percent-encoding is broken: \(value)")
        }
        return decoded
    }

    /// Nil unless every `%` is followed by two hexadecimal digits and the bytes are UTF-8.
    private static func percentDecoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(self.digit), let low = rest.popFirst().flatMap(self.digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
    }
}
