import ClusterAPI
import ClusterState
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Raft
import RaftSessions

/// Carries a request out on the leader, and sees to it that whoever asks again gets the same answer.
///
/// The answer to a named request is in the log before anybody gets it: together with the request's last command, or
/// in a mark of its own. A refusal that logged nothing is not kept: it did nothing, and may be different next time.
struct Execution {
    let plane: ControlPlane
    let passage: Passage

    func run(
        _ request: Request,
        _ context: APIContext,
        _ next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        guard let origin = self.passage.origin else { return try await next(request, context) }
        let attempt = Attempt(origin, deadline: self.passage.deadline, isRepeated: self.passage.isRepeated)
        var context = context
        context.attempt = attempt
        do {
            if let answer = try await self.remembered(origin) { return Self.replayed(answer) }
            var response = try await self.carryOut(request, context, attempt, next)
            if response.status.code < 300, let index = attempt.index {
                response.headers[WriteIndex.header] = "\(index)"
            }
            return response
        } catch let answered as Answered {
            return Self.replayed(answered.answer)
        } catch {
            throw Self.settled(error, attempt, context.logger)
        }
    }

    /// What went wrong with a try, given what the try may have done before.
    static func settled(_ error: any Error, _ attempt: Attempt, _ logger: Logger) -> any Error {
        guard attempt.mayHaveEffect, !(error is APIError) else { return error }
        if let reason = error as? Unsettled { return reason == .nothingDone ? Unsettled.undecided : reason }
        logger.error("request failed half-way", metadata: ["error": "\(error)"])
        return APIError.outcomeUnknown
    }

    private func carryOut(
        _ request: Request,
        _ context: APIContext,
        _ attempt: Attempt,
        _ next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let response: Response
        do {
            response = try await next(request, context)
        } catch let refusal as APIError {
            guard attempt.mayHaveEffect else { return try await self.refuse(refusal, attempt) }
            // Not what to tell for good; and that nothing was done is said of the last step alone.
            if let outcome = refusal.body.outcome { throw outcome == .unknown ? refusal : .outcomeUnknown }
            response = refusal.answer.response
        }
        guard case .key = attempt.origin, !attempt.isAnswerKept else { return response }
        let answer = try await Self.kept(response)
        let token = CommandToken(attempt.origin, part: Attempt.answerPart)
        do {
            _ = try await self.plane.submit(Submission(.mark, token: token, answer: answer), for: attempt)
        } catch is APIError {
            throw APIError.outcomeUnknown  // whatever was refused, it was not the request: that is carried out
        }
        return response
    }

    /// A refusal although nothing was logged. It is the truth unless an earlier try has taken effect.
    private func refuse(_ refusal: APIError, _ attempt: Attempt) async throws -> Response {
        if let answer = try await self.remembered(attempt.origin, orBegun: .outcomeUnknown) {
            return Self.replayed(answer)
        }
        guard self.passage.isRepeated else { throw refusal }
        // The mark takes the place of the request's first command: either that was applied, or it never will be.
        let mark = Submission(
            .mark,
            token: CommandToken(attempt.origin),
            answer: try await Self.kept(refusal.answer.response)
        )
        let receipt: Outcome.Receipt
        do {
            receipt = try await self.plane.submit(mark, for: attempt)
        } catch is APIError {
            throw APIError.outcomeUnknown
        }
        throw receipt.isRepeated ? APIError.outcomeUnknown : refusal
    }

    /// The answer to a named request, if it has one already. Throws `begun` if it has none although it was begun.
    private func remembered(
        _ origin: CommandToken.Origin,
        orBegun begun: APIError? = nil
    ) async throws -> KeptAnswer? {
        guard case .key(let stamp) = origin else { return nil }
        switch await self.plane.node.local().machine.state.memory(of: stamp) {
        case .answered(let answer): return answer
        case .conflict: throw APIError.keyReused
        case .begun:
            if let begun { throw begun }
            return nil
        case .nothing: return nil
        }
    }

    private static func kept(_ response: Response) async throws -> KeptAnswer {
        let whole = try await ForwardedResponse(response)
        return KeptAnswer(status: UInt32(whole.status), body: Array(whole.body.readableBytesView))
    }

    private static func replayed(_ answer: KeptAnswer) -> Response {
        Response(
            status: HTTPResponse.Status(code: Int(answer.status)),
            headers: [.contentType: "application/json", RequestKey.replayedHeader: "true"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
        )
    }
}
