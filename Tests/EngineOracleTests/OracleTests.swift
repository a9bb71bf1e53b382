import EngineOracle
import Testing

@testable import engine_oracle

/// The engine against an independent reading of the specification.
@Suite("The engine and the oracle")
struct OracleTests {
    @Test("random programs output what the specification says", arguments: 0..<10 as Range<UInt64>)
    func seeds(part: UInt64) {
        var tally = Tally()
        for seed in part * 50 + 1...part * 50 + 50 {
            let testCase = OracleGenerator.make(seed: seed)
            let outcome = CaseCheck.outcome(of: testCase)
            #expect(!outcome.isFailure, "seed \(seed)\n\(failureText(outcome, testCase))")
            if case .agrees(let agreement) = outcome { tally.add(agreement) }
        }
        // What compares nothing shows nothing.
        #expect(tally.comparedCount > 300 && tally.columnsCount > 5 && tally.emptyCount < 25, "\(tally.text)")
    }
}
