public import NIOCore
public import RaftCore

// `propose`, `read`, `local` and `call` for callers who can't await: the answer is given on their own loop, all answers
// that belong to one turn of the node in one hop. A caller on the node's loop pays for no hop at all.

extension RaftNode {
    public func propose(
        _ payload: [UInt8],
        timeout: Duration,
        from caller: any EventLoop,
        _ answer: @escaping @Sendable (Result<Machine.Response, ProposalError>) -> Void
    ) {
        self.take(
            .propose(payload, timeout: TimeAmount(timeout)) { result in
                self.loop.value.answers.deliver(on: caller) { answer(result) }
            }
        )
    }

    public func read(
        _ mode: ReadMode = .index,
        timeout: Duration,
        from caller: any EventLoop,
        _ answer: @escaping @Sendable (Result<Applied<Machine>, ReadError>) -> Void
    ) {
        self.take(
            .read(mode, timeout: TimeAmount(timeout)) { result in
                self.loop.value.answers.deliver(on: caller) { answer(result) }
            }
        )
    }

    public func local(from caller: any EventLoop, _ answer: @escaping @Sendable (Applied<Machine>) -> Void) {
        self.take(.look { local in self.loop.value.answers.deliver(on: caller) { answer(local) } })
    }

    public func call(
        leader: NodeID,
        _ body: ByteBuffer,
        timeout: Duration,
        from caller: any EventLoop,
        _ answer: @escaping @Sendable (Result<ByteBuffer, any Error>) -> Void
    ) {
        self.take(
            .callLeader(leader, body, timeout: TimeAmount(timeout)) { result in
                self.loop.value.answers.deliver(on: caller) { answer(result) }
            }
        )
    }
}
