import RaftCore

// A few words for a trace.

extension Input {
    var summary: String {
        switch self {
        case .message(let envelope): "from \(envelope.from): \(envelope.message.summary)"
        case .proposals(let proposals, _): "\(proposals.count) proposals"
        case .read: "read"
        case .persisted(let receipt): "persisted \(receipt.write.rawValue)"
        case .change(let change, _, _): "change: \(change)"
        case .transfer(let target): "transfer to \(target.map(\.description) ?? "anybody")"
        case .captured(let snapshot): "captured \(snapshot.position)"
        case .fetched(let snapshot): "fetched \(snapshot.position)"
        case .met(let member, let incarnation): "met \(member) on disk \(incarnation.rawValue)"
        case .lost(let member): "lost \(member)"
        case .timer: "timer"
        }
    }
}

extension Message {
    var summary: String {
        switch self {
        case .preVoteRequest(let request): "pre-vote? \(request.term) log \(request.last)"
        case .preVoteReply(let reply): "pre-vote \(reply.isGranted ? "granted" : "refused") \(reply.term)"
        case .voteRequest(let request): "vote? \(request.term) log \(request.last)"
        case .voteReply(let reply): "vote \(reply.isGranted ? "granted" : "refused") \(reply.term)"
        case .append(let request):
            "append \(request.term) after \(request.previous) +\(request.entries.count) commit \(request.commit)"
        case .appendReply(let reply): "append reply \(reply.term) \(reply.outcome.summary)"
        case .offer(let offer): "offer \(offer.term) of \(offer.snapshot.position)"
        case .readRequest(let request): "read? \(request.term)"
        case .readReply(let reply): "read \(reply.term) at \(reply.index.map(\.description) ?? "nothing")"
        case .timeoutNow(let request): "stand now \(request.term)"
        }
    }
}

extension AppendReply.Outcome {
    fileprivate var summary: String {
        switch self {
        case .accepted(let match): "accepted \(match)"
        case .rejected(let previous, let hint): "rejected \(previous), hint \(hint)"
        case .fetching(let snapshot): "fetching \(snapshot?.position.description ?? "nothing")"
        case .stale: "stale"
        }
    }
}
