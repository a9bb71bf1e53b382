import NIOCore
import RaftCore
import RaftTestSupport
import Synchronization
import Testing

@testable import RaftTransport

@Suite("Connections between members")
struct PeerTransportTests {
    private static func heartbeat(_ round: UInt64) -> Message {
        .append(AppendRequest(term: Term(1), previous: .zero, entries: [], commit: .zero, round: round))
    }

    @Test("messages arrive in the order in which they were sent, under the sender's proven number")
    func messages() async throws {
        let pair = try await Pair()
        #expect(try await pair.connect())
        let messages = (1...1_000).map { Self.heartbeat($0) }
        try await pair.dialer.send(messages, to: 2)
        #expect(await eventually { pair.acceptor.received.count == messages.count })
        #expect(pair.acceptor.received == messages.map { Envelope(from: NodeID(1), to: NodeID(2), message: $0) })
        await pair.close()
    }

    @Test("a call brings back the answer that was given to it, also when later ones are answered first")
    func calls() async throws {
        let pair = try await Pair(answering: { member, body in
            if body.readableBytes == 4 { await Task.yield() }
            return ByteBuffer(string: "\(member): \(String(buffer: body))")
        })
        #expect(try await pair.connect())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let answer = try await pair.dialer.call(2, ByteBuffer(string: "\(number * 37)"))
                    #expect(String(buffer: answer) == "1: \(number * 37)")
                }
            }
            try await group.waitForAll()
        }
        await pair.close()
    }

    @Test("many large answers at once all arrive")
    func largeAnswers() async throws {
        let size = 1 << 20
        let pair = try await Pair(answering: { _, _ in ByteBuffer(repeating: 7, count: size) })
        #expect(try await pair.connect())
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<32 {
                group.addTask { try await pair.dialer.call(2, ByteBuffer(), timeout: .seconds(15)).readableBytes }
            }
            for try await count in group { #expect(count == size) }
        }
        await pair.close()
    }

    @Test("an answer too large for a frame becomes an empty one, and does not cost the connection")
    func tooLargeAnswer() async throws {
        let pair = try await Pair(answering: { _, body in
            body.readableBytes > 0 ? body : ByteBuffer(repeating: 7, count: WireLimits.frameBytes)
        })
        #expect(try await pair.connect())
        #expect(try await pair.dialer.call(2, ByteBuffer()).readableBytes == 0)
        #expect(try await pair.dialer.call(2, ByteBuffer(string: "x")) == ByteBuffer(string: "x"))
        #expect(pair.listener.acceptedCount == 2)  // one for each lane
        await pair.close()
    }

    @Test("calls beyond the limit of open ones are refused at once, and did not arrive")
    func openCalls() async throws {
        let gate = AsyncStream<Void>.makeStream()
        let pair = try await Pair(answering: { _, body in
            for await _ in gate.stream { break }
            return body
        })
        #expect(try await pair.connect())
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<Lane.calls.openCallsMax + 10 {
                group.addTask {
                    do {
                        _ = try await pair.dialer.call(2, ByteBuffer())
                        return true
                    } catch let error as CallError {
                        #expect(error == .congested && !error.mayHaveArrived)
                        return false
                    }
                }
            }
            var answered = 0
            var refused = 0
            for try await isAnswered in group {
                if isAnswered { answered += 1 } else { refused += 1 }
                if refused == 10 { gate.continuation.finish() }
            }
            #expect(answered == Lane.calls.openCallsMax && refused == 10)
        }
        // With those answered there is room again.
        #expect(try await pair.dialer.call(2, ByteBuffer(string: "x")) == ByteBuffer(string: "x"))
        await pair.close()
    }

    @Test("a call that can't have arrived says so, and one that may have arrived says that")
    func failedCalls() async throws {
        let never = AsyncStream<Void>.makeStream()
        let asked = Mutex(0)
        let pair = try await Pair(answering: { _, body in
            asked.withLock { $0 += 1 }
            for await _ in never.stream { break }
            return body
        })
        await #expect(throws: CallError.notConnected) { try await pair.dialer.call(2, ByteBuffer()) }
        #expect(try await pair.connect())
        await #expect(throws: CallError.tooLarge) {
            try await pair.dialer.call(2, ByteBuffer(repeating: 0, count: WireLimits.frameBytes))
        }
        await #expect(throws: CallError.timedOut) {
            try await pair.dialer.call(2, ByteBuffer(), timeout: .milliseconds(50))
        }
        async let lost = pair.dialer.call(2, ByteBuffer())
        #expect(await eventually { asked.withLock { $0 } == 2 })
        pair.listener.cut()
        do {
            _ = try await lost
            Issue.record("an answer came over a connection that was cut")
        } catch {
            #expect(error as? CallError == .lost)
        }
        never.continuation.finish()
        await pair.close()
    }

    @Test("a connection that is lost is dialed again, and carries messages again")
    func reconnects() async throws {
        let pair = try await Pair()
        #expect(try await pair.connect())
        for round in UInt64(1)...3 {
            pair.listener.cut()
            let arrived = try await eventually {
                try await pair.dialer.send([Self.heartbeat(round)], to: 2)
                return pair.acceptor.received.contains { $0.message == Self.heartbeat(round) }
            }
            #expect(arrived)
        }
        await pair.close()
    }

    @Test("a member's newer connection takes the place of its older one")
    func supersedes() async throws {
        let pair = try await Pair()
        #expect(try await pair.connect())
        let older = try #require(pair.listener.connections.first)
        let newer = TestMember(1, of: [NodeID(2): pair.listener.address])
        try await newer.start()
        #expect(await eventually { !older.isActive })
        newer.transport.close()
        await pair.close()
    }

    @Test("a member with another key never gets in, and keeps trying")
    func wrongKey() async throws {
        let pair = try await Pair(dialerKey: "other")
        try await pair.dialer.start()
        #expect(await eventually { pair.listener.acceptedCount >= 3 })
        #expect(try await !pair.dialer.isConnected(to: 2))
        try await pair.dialer.send([Self.heartbeat(1)], to: 2)
        #expect(pair.acceptor.received.isEmpty)
        await pair.close()
    }
}
