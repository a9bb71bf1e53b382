import EngineOracle

/// Numbers over many seeds.
struct Tally {
    var caseCount = 0
    var columnsCount = 0
    var shardsCount = 0
    var comparedCount = 0
    var emptyCount = 0
    /// Cases that were compared only in part, by what the specification leaves open.
    var openReasons: [String: Int] = [:]

    mutating func add(_ agreement: CaseOutcome.Agreement) {
        self.caseCount += 1
        if agreement.ranInColumns { self.columnsCount += 1 }
        if agreement.ranInShards { self.shardsCount += 1 }
        if agreement.comparedCount == 0 { self.emptyCount += 1 }
        self.comparedCount += agreement.comparedCount
        if let reason = agreement.openReason { self.openReasons[reason, default: 0] += 1 }
    }

    var text: String {
        func share(_ count: Int) -> Int { self.caseCount == 0 ? 0 : count * 100 / self.caseCount }
        let open = self.openReasons.values.reduce(0, +)
        return
            "\(self.caseCount) agree, \(share(self.columnsCount))% ran in columns, \(share(self.shardsCount))% in shards, "
            + "\(self.comparedCount) output events compared, "
            + "\(self.emptyCount) without any, \(open) compared in part"
    }
}

/// What a person needs to see of a case that failed.
func failureText(_ outcome: CaseOutcome, _ testCase: OracleCase) -> String {
    let finding =
        switch outcome {
        case .agrees: "agrees"
        case .refused(let reason): "refused: \(reason)"
        case .differs(let difference):
            """
            differs \(difference.way), at output \(difference.position + 1)
            expected: \(difference.expected ?? "nothing")
            actual:   \(difference.actual ?? "nothing")
            """
        }
    return "\(testCase.program.text)\n\(testCase.lines.joined(separator: "\n"))\n\n\(finding)"
}
