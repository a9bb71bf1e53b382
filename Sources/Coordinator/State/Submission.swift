public import RaftSessions

/// What an entry of the log asks for: a command, and what makes it take effect once.
public struct Submission: Hashable, Sendable {
    public enum Act: Hashable, Sendable {
        case command(Command)
        /// A client wants a session.
        case openSession
        /// Changes nothing: for the sake of the answer kept with it, or of the mark that the request was begun.
        case mark
    }

    public var act: Act
    /// Without one, the entry is carried out as often as it is in the log.
    public var token: CommandToken?
    /// What the request's sender is answered if the act is not refused. Kept with a named request only.
    public var answer: KeptAnswer?

    public init(_ act: Act, token: CommandToken? = nil, answer: KeptAnswer? = nil) {
        self.act = act
        self.token = token
        self.answer = answer
    }
}

/// The answer to a named request, as everybody gets it who asks again.
public struct KeptAnswer: Hashable, Sendable {
    public var status: UInt32
    public var body: [UInt8]

    public init(status: UInt32, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// What became of a submission.
public enum Outcome: Hashable, Sendable {
    case applied(Receipt)
    /// Nothing was changed.
    case rejected(SessionTable.Rejection)
    /// The reply kept from the first time is of a version this one does not know.
    case unreadable(DecodingFailure)

    public struct Receipt: Hashable, Sendable {
        public var response: Response
        /// The answer that stands for good, if there is one.
        public var answer: KeptAnswer?
        /// Whether it had been applied before.
        public var isRepeated: Bool
    }
}

extension ClusterState {
    /// Applies one committed entry: at most once for its token. Total, like `apply` of a bare command.
    public mutating func apply(_ submission: Submission, index: UInt64, time: UInt64) -> Outcome {
        guard let token = submission.token else {
            return .applied(.init(response: self.carryOut(submission.act, index, time), isRepeated: false))
        }
        guard self.begin(index, time) else {
            return .applied(.init(response: .refused(.alreadyApplied(self.appliedIndex)), isRepeated: false))
        }
        switch self.sessions.admit(token) {
        case .reject(let rejection):
            return .rejected(rejection)
        case .replay(let reply):
            do throws(DecodingFailure) {
                let reply = try KeptReply(decoding: reply)
                return .applied(.init(response: reply.response, answer: reply.answer, isRepeated: true))
            } catch {
                return .unreadable(error)
            }
        case .apply:
            let response = self.carryOut(submission.act)
            let reply = KeptReply(response: response, answer: response.isRefusal ? nil : submission.answer)
            self.sessions.keep(reply.encoded(), to: token)
            return .applied(.init(response: response, answer: reply.answer, isRepeated: false))
        }
    }

    /// What is known of a named request.
    public enum RequestMemory: Hashable, Sendable {
        case nothing
        /// Something of it was carried out, but the answer is not known yet, and perhaps never will be.
        case begun
        case answered(KeptAnswer)
        /// The name is another request's.
        case conflict
    }

    public func memory(of stamp: KeyStamp) -> RequestMemory {
        switch self.sessions.memory(of: stamp) {
        case .nothing: return .nothing
        case .conflict: return .conflict
        case .replies(let replies):
            for reply in replies {
                // One of another version is as good as none: the request was begun.
                if let answer = (try? KeptReply(decoding: reply))?.answer { return .answered(answer) }
            }
            return .begun
        }
    }
}

extension Response {
    fileprivate var isRefusal: Bool {
        if case .refused = self { true } else { false }
    }
}
