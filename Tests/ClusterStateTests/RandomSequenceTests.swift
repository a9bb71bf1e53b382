import ClusterState
import Foundation
import Testing

@Suite("Random sequences of commands")
struct RandomSequenceTests {
    /// `SEED=n swift test --filter RandomSequenceTests` repeats one run.
    static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) }.map { [$0] } ?? Array(1...15)

    @Test("keep every invariant, never go back in epochs, and change nothing when refused", arguments: seeds)
    func invariants(seed: UInt64) {
        var commands = RandomCommands(seed: seed)
        var log = Log()
        var done = 0
        for _ in 0..<400 {
            let command = commands.next(for: log.state)
            let before = log.state
            let response = log.apply(command)
            self.expectEpochsRise(from: before, to: log.state)
            guard case .refused = response else {
                done += 1
                continue
            }
            var untouched = before
            untouched.pretendApplied(log.state)
            #expect(untouched.encoded() == log.state.encoded(), "\(command) was refused")
        }
        // A run in which everything is refused would prove nothing.
        #expect(done > 100)
    }

    @Test("applying a command twice is no different from applying it once, but for reassignments", arguments: seeds)
    func idempotence(seed: UInt64) {
        var commands = RandomCommands(seed: seed)
        var log = Log()
        for _ in 0..<400 {
            let command = commands.next(for: log.state)
            log.apply(command)
            if case .reassign(let reassign) = command, log.state.placement(reassign.placement)?.epoch == reassign.from {
                continue
            }
            let once = log.state
            log.apply(command)
            var expected = once
            expected.pretendApplied(log.state)
            #expect(expected.encoded() == log.state.encoded(), "\(command) was applied twice")
        }
    }

    @Test("a state survives its encoding at every step, and goes on as if nothing had happened", arguments: seeds)
    func snapshots(seed: UInt64) throws {
        var commands = RandomCommands(seed: seed)
        var log = Log()
        var copy = ClusterState()
        for _ in 0..<200 {
            let command = commands.next(for: log.state)
            let response = log.apply(command)
            copy = try ClusterState(decoding: copy.encoded())
            #expect(copy.apply(command, index: log.index, time: log.index * 1000) == response)
            #expect(copy.encoded() == log.state.encoded())
            #expect(try Command(decoding: command.encoded()) == command)
            #expect(try Response(decoding: response.encoded()) == response)
        }
    }

    /// Epochs are handed out once each: a placement's epoch changes only to one that was never given before.
    private func expectEpochsRise(from before: ClusterState, to after: ClusterState) {
        #expect(after.lastEpoch >= before.lastEpoch)
        for group in after.groups {
            guard let former = before.group(group.id), former.generation == group.generation else { continue }
            for (old, new) in zip(former.placements, group.placements) where old.epoch != new.epoch {
                #expect(new.epoch > before.lastEpoch)
            }
            for (old, new) in zip(former.placements, group.placements) {
                if old.worker != new.worker, new.worker != nil { #expect(new.epoch > old.epoch) }
            }
        }
    }
}

extension ClusterState {
    /// Takes over index and time of `other` by applying something that is always refused.
    fileprivate mutating func pretendApplied(_ other: ClusterState) {
        _ = self.apply(.deleteGroup(Command.DeleteGroup(group: "")), index: other.appliedIndex, time: other.time)
    }
}
