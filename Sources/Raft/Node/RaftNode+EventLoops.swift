public import NIOCore
public import RaftCore

// `propose`, `read`, `local` and `call` for callers who can't await: the answer is given on their own loop, all answers
// that belong to one turn of the node in one hop. A caller on the node's loop pays for no hop at all.

extension RaftNode {
    /// Puts a command into the log. `answer` is called once, on `caller`: with what applying the command gave, when it
    /// is durable on a majority of disks, or with why not. If `timeout` is over before, that is `outcomeUnknown`.
    @inlinable
    public func propose(
        _ payload: [UInt8],
        timeout: Duration,
        from caller: any EventLoop,
        _ answer: @escaping @Sendable (Result<Machine.Response, ProposalError>) -> Void
    ) {
        self.intake.take(
            .propose(payload, timeout: TimeAmount(timeout)) { result in
                let result = result.map { self.host.value.response }
                self.answers.deliver(on: caller) { answer(result) }
            }
        )
    }

    /// Asks for a state with everything in it that was acknowledged before this call. `answer` is called once, on
    /// `caller`, and with an error when `timeout` is over.
    @inlinable
    public func read(
        _ mode: ReadMode = .index,
        timeout: Duration,
        from caller: any EventLoop,
        _ answer: @escaping @Sendable (Result<Applied<Machine>, ReadError>) -> Void
    ) {
        self.intake.take(
            .read(mode, timeout: TimeAmount(timeout)) { result in
                let result = result.map { self.applied($0) }
                self.answers.deliver(on: caller) { answer(result) }
            }
        )
    }

    /// Gives `answer` this member's own state, as far as it has got, once and on `caller`.
    @inlinable
    public func local(from caller: any EventLoop, _ answer: @escaping @Sendable (Applied<Machine>) -> Void) {
        self.intake.take(
            .look { reach in
                let local = self.applied(reach)
                self.answers.deliver(on: caller) { answer(local) }
            }
        )
    }

    /// Asks a member that leads. `answer` is called once, on `caller`: with the body that came back, or with a
    /// `CallError`, which is `superseded` as soon as another member is known to lead.
    @inlinable
    public func call(
        leader: NodeID,
        _ body: ByteBuffer,
        timeout: Duration,
        from caller: any EventLoop,
        _ answer: @escaping @Sendable (Result<ByteBuffer, any Error>) -> Void
    ) {
        self.intake.take(
            .callLeader(leader, body, timeout: TimeAmount(timeout)) { result in
                self.answers.deliver(on: caller) { answer(result) }
            }
        )
    }
}
