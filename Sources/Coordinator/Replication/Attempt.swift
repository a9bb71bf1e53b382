import ClusterAPI
import ClusterState
import HTTPTypes
import RaftCore
import RaftSessions
import Synchronization

/// Why a request has no answer yet. Raw values travel between members.
enum Unsettled: UInt8, Error {
    /// It certainly did nothing, because leadership is moving.
    case nothingDone = 2
    /// It may have taken effect, or may yet: only the same token may try again.
    case undecided = 3
    /// This try did nothing, and no other one with the same token will: its session is unknown, or full.
    case sessionLost = 4
}

/// Thrown where a named request turns out to have its answer already.
struct Answered: Error {
    var answer: KeptAnswer
}

/// One try at carrying a request out at the leader. Numbers the commands that are proposed for it: the next try comes
/// to the same numbers, so none of them takes effect twice.
final class Attempt: Sendable {
    let origin: CommandToken.Origin
    /// When the caller will have given up.
    let deadline: ContinuousClock.Instant
    /// Whether an earlier try may have taken effect.
    let isRepeated: Bool
    /// The part of a named request that holds its answer, if no command does.
    static let answerPart = UInt8.max

    private struct Progress {
        var parts: UInt8 = 0
        var mayHaveEffect = false
        var isAnswerKept = false
        var index: LogIndex?
    }
    private let progress = Mutex(Progress())

    init(_ origin: CommandToken.Origin, deadline: ContinuousClock.Instant, isRepeated: Bool = false) {
        self.origin = origin
        self.deadline = deadline
        self.isRepeated = isRepeated
    }

    /// The token of the request's next command.
    func nextToken() -> CommandToken {
        let part = self.progress.withLock { progress in
            defer { progress.parts += 1 }
            return progress.parts
        }
        return CommandToken(self.origin, part: part)
    }

    /// Whether something of the request is in the log, or may be.
    var mayHaveEffect: Bool { self.progress.withLock { $0.mayHaveEffect } }
    var isAnswerKept: Bool { self.progress.withLock { $0.isAnswerKept } }
    /// Where the log has the last of what was done; nil if nothing was.
    var index: LogIndex? { self.progress.withLock { $0.index } }

    func note(_ receipt: Outcome.Receipt?, at index: LogIndex? = nil) {
        self.progress.withLock { progress in
            progress.mayHaveEffect = true
            progress.index = index ?? progress.index
            if receipt?.answer != nil { progress.isAnswerKept = true }
        }
    }

    /// The request's answer if all goes well, to be kept in the same entry as its last command. Nil if the request has
    /// no name under which anybody could ask again.
    func answer(_ status: HTTPResponse.Status, _ body: some Encodable) -> KeptAnswer? {
        guard case .key = self.origin, let body = try? APIJSON.encode(body) else { return nil }  // else kept later
        return KeptAnswer(status: UInt32(status.code), body: body)
    }

    /// The same for an answer that is encoded already.
    func kept(_ answer: Answer) -> KeptAnswer? {
        guard case .key = self.origin else { return nil }
        return KeptAnswer(status: UInt32(answer.status.code), body: answer.body)
    }
}
