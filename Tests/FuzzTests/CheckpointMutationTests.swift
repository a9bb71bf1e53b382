import FuzzChecks
import Testing

/// Bytes that are nearly a checkpoint. The fuzzer does the same for longer, and more cleverly.
@Suite("Checkpoints that somebody changed")
struct CheckpointMutationTests {
    @Test("are refused or restored, with checksums that fit", arguments: 0..<4 as Range<UInt64>)
    func mutations(seed: UInt64) {
        var random = Random(state: seed + 1)
        for seedBytes in CheckpointCheck.seeds {
            #expect(CheckpointCheck.failure(of: seedBytes) == nil)
            for _ in 0..<100 {
                var bytes = seedBytes
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                    case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                    case 2: bytes.insert([0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0, at: place)
                    default: bytes.remove(at: place)
                    }
                }
                let failure = CheckpointCheck.failure(of: bytes)
                #expect(failure == nil, "seed \(seed): \(bytes)")
            }
        }
    }

    /// Marsaglia's xorshift.
    private struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state ^= self.state << 13
            self.state ^= self.state >> 7
            self.state ^= self.state << 17
            return self.state &* 0x2545_F491_4F6C_DD1D
        }
    }
}
