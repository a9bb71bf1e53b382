extension OracleGenerator {
    private static let parameters: [OracleFieldShape] = [.init(name: "x", kind: .int), .init(name: "y", kind: .int)]

    mutating func makeFunctions() {
        for name in ["blend", "walk"].prefix(self.random.below(2) + 1) {
            var names = self.names(OracleEventGenerator.shapes)
            names.variables = names.variables.filter { $0.name != "total" } + Self.parameters
            let body = self.statements(&names, depth: 2, isInLoop: false) + [self.last(names, depth: 1)]
            self.program.functions.append(OracleFunction(name: name, parameters: ["x", "y"], body: body))
        }
        if self.random.oneIn(4) { self.makeRecursion() }
        if self.program.globals.contains(where: { $0.isMutable }) {
            let counting: [OracleStatement] = [
                .assign("total", .binary(.add, .name("total"), .literal(.int(1)))), .giveBack(.name("total")),
            ]
            self.program.functions.append(OracleFunction(name: "counted", parameters: [], body: counting))
        }
        self.makeFan()
    }

    /// Statements that give new variables to those after them.
    private mutating func statements(_ names: inout OracleNames, depth: Int, isInLoop: Bool) -> [OracleStatement] {
        var statements: [OracleStatement] = []
        for _ in 0...self.random.below(3) {
            statements += self.statement(&names, depth: depth, isInLoop: isInLoop)
        }
        return statements
    }

    private mutating func statement(_ names: inout OracleNames, depth: Int, isInLoop: Bool) -> [OracleStatement] {
        let number = OracleExpression.binary(
            .coalesce,
            self.expression(.int, names, depth: 2),
            .literal(.int(Int64(self.random.below(5))))
        )
        switch depth == 0 ? self.random.below(3) : self.random.below(8) {
        case 0, 1:
            let name = self.random.pick(["z", "u"])
            if names.variables.contains(where: { $0.name == name }) { return [.assign(name, number)] }
            names.variables.append(.init(name: name, kind: .int))
            // An assignment to a new name makes a variable as well.
            return [self.random.oneIn(2) ? .declare(name, number) : .assign(name, number)]
        case 2:
            if isInLoop, self.random.oneIn(2) {
                return [
                    .branch(self.condition(names), then: [self.random.oneIn(2) ? .leave : .advance], else: [])
                ]
            }
            return [.expression(self.expression(.wild, names, depth: 2))]
        case 3, 4:
            var inner = names
            let yes = self.statements(&inner, depth: depth - 1, isInLoop: isInLoop)
            inner = names
            let no = self.random.oneIn(2) ? [] : self.statements(&inner, depth: depth - 1, isInLoop: isInLoop)
            return [.branch(self.condition(names), then: yes, else: no)]
        case 5:
            let result = self.expression(.number, names, depth: 2)
            return [.branch(self.condition(names), then: [.giveBack(result)], else: [])]
        case 6:
            let collection =
                self.random.oneIn(3)
                ? .binary(.remainder, self.expression(.int, names, depth: 1), .literal(.int(7)))
                : self.expression(self.random.pick([.array, .map]), names, depth: 1)
            var inner = names
            inner.variables.append(.init(name: "i", kind: .wild))
            return [.loop("i", collection, self.statements(&inner, depth: depth - 1, isInLoop: true))]
        default:
            // Counts at its beginning, so that it ends whatever the rest does; a loop inside counts on its own.
            let counter = "c\(depth)"
            let next = OracleExpression.binary(.add, .name(counter), .literal(.int(1)))
            var inner = names
            inner.variables.append(.init(name: counter, kind: .int))
            let body = [.assign(counter, next)] + self.statements(&inner, depth: depth - 1, isInLoop: true)
            let most = OracleExpression.literal(.int(Int64(self.random.below(6))))
            return [
                .declare(counter, .literal(.int(0))), .whileTrue(.binary(.less, .name(counter), most), body),
            ]
        }
    }

    /// What gives a function its value.
    private mutating func last(_ names: OracleNames, depth: Int) -> OracleStatement {
        switch self.random.below(depth > 0 ? 3 : 2) {
        case 0: .giveBack(self.expression(.number, names, depth: 2))
        case 1: .expression(self.expression(.number, names, depth: 2))
        default:
            .branch(
                self.condition(names),
                then: [self.last(names, depth: 0)],
                else: self.random.oneIn(3) ? [] : [self.last(names, depth: 0)]
            )
        }
    }

    /// `deep(x, y)` calls itself x times, at most 200 or 300 times.
    private mutating func makeRecursion() {
        let most = self.random.pick([200, 300] as [Int64])
        let x = OracleExpression.name("x")
        let less = OracleExpression.call(
            "min",
            [.binary(.subtract, x, .literal(.int(1))), .literal(.int(most))]
        )
        let body: [OracleStatement] = [
            .branch(
                .binary(.greater, .binary(.coalesce, x, .literal(.int(0))), .literal(.int(0))),
                then: [.giveBack(.binary(.add, .name("y"), .call("deep", [less, .name("y")])))],
                else: []
            ),
            .giveBack(self.expression(.int, self.names([]), depth: 1)),
        ]
        self.program.functions.append(OracleFunction(name: "deep", parameters: ["x", "y"], body: body))
    }

    /// For `.process`: emits a few events.
    private mutating func makeFan() {
        let i = OracleExpression.name("i")
        let k = OracleItem(name: "k", expression: .name("k"))
        let odd = OracleItem(name: "v", expression: self.random.pick([.name("v"), .name("absent"), .literal(.null)]))
        let body: [OracleStatement] = [
            .loop(
                "i",
                .call("clamp", [.name("x"), .literal(.int(-1)), .literal(.int(4))]),
                [
                    .branch(
                        .binary(.equal, .binary(.remainder, i, .literal(.int(2))), .literal(.int(0))),
                        then: [.emit("Even", [OracleItem(name: "n", expression: i), k])],
                        else: [.emit("Odd", [OracleItem(name: "n", expression: i), odd])]
                    )
                ]
            )
        ]
        self.program.functions.append(OracleFunction(name: "fan", parameters: ["x"], body: body))
    }
}
