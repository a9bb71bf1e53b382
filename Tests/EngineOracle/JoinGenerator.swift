extension OracleGenerator {
    mutating func join(_ stream: inout OracleStream) -> [OracleFieldShape] {
        var sources: [(name: String, fields: [OracleFieldShape])] = []
        let isSelfJoin = !self.prefersColumns && self.random.oneIn(10)
        for _ in 0..<(self.random.oneIn(3) ? 3 : 2) {
            let source = self.readOne()
            if !sources.contains(where: { $0.name == source.name }) { sources.append(source) }
        }
        if isSelfJoin { sources.append(sources[0]) }
        if sources.count < 2 { sources = [self.readable[0], self.readable[1]] }
        let usesAlias = isSelfJoin || self.random.oneIn(5)
        let joined = sources.enumerated().map { number, source in
            OracleJoinSource(type: source.name, alias: usesAlias ? "L\(number)" : nil)
        }
        let second: UInt64 = 1_000_000_000
        let horizon =
            self.random.oneIn(20)
            ? 9_223_372_036_854_775_807 : self.random.pick([nil, second, 5 * second, 10 * second, 2 * second])
        stream.source = .join(joined, on: self.joinConditions(joined), horizon: horizon)

        var names = self.names(sources[0].fields)
        names.qualified = zip(joined, sources).map { ($0.alias ?? $0.type, $1.fields) }
        if self.random.oneIn(3) { stream.operations.append(.keep(self.condition(names))) }
        if self.random.oneIn(5) {
            names = self.aggregate(&stream, names)
        } else if self.random.oneIn(3) {
            self.add(&stream, &names)
        }
        return self.end(&stream, names)
    }

    private mutating func joinConditions(_ sources: [OracleJoinSource]) -> [OracleExpression] {
        func field(_ source: Int, _ name: String) -> OracleExpression {
            .member(.name(sources[source].alias ?? sources[source].type), name, isOptional: false)
        }
        var conditions: [OracleExpression] = []
        if self.prefersColumns || !self.random.oneIn(8) {
            let isChain = self.random.oneIn(2)
            let isDouble = self.random.oneIn(5)
            for name in isDouble ? ["k", "n"] : [self.random.pick(["k", "k", "n", "s"])] {
                // Each source has one field in the class; what two mean is open.
                let names = sources.map { _ in !isDouble && self.random.oneIn(10) ? "v" : name }
                for other in 1..<sources.count {
                    let first = isChain ? other - 1 : 0
                    let pair = [field(first, names[first]), field(other, names[other])].shuffled(using: &self.random)
                    conditions.append(.binary(.equal, pair[0], pair[1]))
                }
                // A class that does not cover all sources.
                if sources.count == 3, self.random.oneIn(6) { conditions.removeLast() }
            }
        }
        if !self.prefersColumns, self.random.oneIn(3) {
            let operation = self.random.pick([.less, .unequal, .atLeast] as [OracleOperator])
            conditions.append(.binary(operation, field(0, "n"), field(1, "n")))
            if self.random.oneIn(4) { conditions.append(.binary(.equal, field(1, "n"), .literal(.int(1)))) }
        }
        conditions.shuffle(using: &self.random)
        return conditions
    }
}
