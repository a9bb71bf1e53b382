import ClusterState
import Foundation
import Testing

/// Swift seeds its hashes anew in every process, so the order inside a hash table differs between members. Two child
/// processes run the same commands and must come to the same bytes.
@Suite("Determinism between processes")
struct DeterminismTests {
    /// With deterministic hashing switched on all processes share one seed, and the comparison would prove nothing.
    static let hashesAreSeeded = ProcessInfo.processInfo.environment["SWIFT_DETERMINISTIC_HASHING"] == nil

    @Test("two processes with different hash seeds reach the same state", .enabled(if: hashesAreSeeded))
    func sameBytes() async throws {
        var hashes: Set<String> = []
        var states: Set<String> = []
        for _ in 0..<2 {
            let child = try await #require(
                processExitsWith: .success,
                observing: [\.standardOutputContent]
            ) {
                let state = RandomCommands.run(seed: 42, count: 3000)
                print("hash:\("the same text".hashValue)")
                print("state:\(state.encoded().map { String($0) }.joined(separator: ","))")
                fflush(nil)
            }
            let lines = String(decoding: child.standardOutputContent, as: UTF8.self).split(separator: "\n")
            hashes.insert(String(try #require(lines.first { $0.hasPrefix("hash:") })))
            states.insert(String(try #require(lines.first { $0.hasPrefix("state:") })))
        }
        #expect(hashes.count == 2, "the processes hashed alike, so this test proved nothing")
        #expect(states.count == 1)
        let here = RandomCommands.run(seed: 42, count: 3000)
        #expect(here.workerCount > 1 && here.groupCount > 1)
        #expect(states == ["state:\(here.encoded().map { String($0) }.joined(separator: ","))"])
    }
}
