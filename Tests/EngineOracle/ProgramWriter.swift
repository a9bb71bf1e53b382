extension OracleProgram {
    /// The program as the engine reads it.
    public var text: String {
        let globals = self.globals.map {
            "\($0.isMutable ? "var" : $0.name == "word" ? "const" : "let") \($0.name) = \(OracleExpressionWriter.literal($0.value))\n"
        }
        let functions = self.functions.map { function in
            "fn \(function.name)(\(function.parameters.map { "\($0): int" }.joined(separator: ", "))):\n"
                + function.body.map { $0.text(indentation: 4) }.joined()
        }
        return (globals + functions + self.streams.map(\.text)).joined()
    }
}

extension OracleStatement {
    fileprivate func text(indentation: Int) -> String {
        let start = String(repeating: " ", count: indentation)
        func block(_ statements: [OracleStatement]) -> String {
            statements.map { $0.text(indentation: indentation + 4) }.joined()
        }
        func written(_ expression: OracleExpression) -> String { OracleExpressionWriter.text(expression) }
        switch self {
        case .declare(let name, let value): return "\(start)var \(name) = \(written(value))\n"
        case .assign(let name, let value): return "\(start)\(name) := \(written(value))\n"
        case .branch(let condition, let yes, let no):
            var other = no.isEmpty ? "" : "\(start)else:\n\(block(no))"
            if no.count == 1, case .branch = no[0] {
                other = start + "el" + no[0].text(indentation: indentation).dropFirst(indentation)
            }
            return "\(start)if \(written(condition)):\n\(block(yes))\(other)"
        case .loop(let name, let collection, let body):
            return "\(start)for \(name) in \(written(collection)):\n\(block(body))"
        case .whileTrue(let condition, let body): return "\(start)while \(written(condition)):\n\(block(body))"
        case .leave: return "\(start)break\n"
        case .advance: return "\(start)continue\n"
        case .emit(let type, let items): return "\(start)emit \(type)(\(items.text))\n"
        // A statement must not begin with what continues or opens another one.
        case .expression(let value): return "\(start)(\(written(value)))\n"
        case .giveBack(let value): return "\(start)return \(written(value))\n"
        }
    }
}

extension [OracleItem] {
    fileprivate var text: String {
        self.map { "\($0.name): \(OracleExpressionWriter.text($0.expression))" }.joined(separator: ", ")
    }
}

extension OracleStream {
    fileprivate var text: String {
        let start = "stream \(self.name) = \(self.source.text)"
        // Short ones on one line, long ones with comments.
        if self.operations.count < 3 { return start + self.operations.map(\.text).joined() + "\n" }
        let between = self.operations.count > 4 ? " # and then\n    /* the\nnext */" : "\n    "
        return start + self.operations.map { between + $0.text }.joined() + "\n"
    }
}

extension OracleSource {
    fileprivate var text: String {
        switch self {
        case .plain(let type): return type
        case .alias(let type, let alias): return "\(type) as \(alias)"
        case .merge(let branches):
            let texts = branches.enumerated().map { number, branch in
                branch.condition.map {
                    "stream Branch\(number) = \(branch.type).where(\(OracleExpressionWriter.text($0)))"
                } ?? branch.type
            }
            return "merge(\(texts.joined(separator: ", ")))"
        case .join(let sources, let conditions, let horizon):
            let texts = sources.map { source in source.alias.map { "stream \($0) = \(source.type)" } ?? source.type }
            var text = "join(\(texts.joined(separator: ", ")))"
            if !conditions.isEmpty {
                let conjuncts = conditions.map { condition in
                    let text = OracleExpressionWriter.text(condition)
                    if case .binary(.or, _, _) = condition { return "(\(text))" }
                    return text
                }
                text += "\n    .on(\(conjuncts.joined(separator: " and ")))"
            }
            if let horizon { text += "\n    .window(\(OracleExpressionWriter.duration(horizon)))" }
            return text
        }
    }
}

extension OracleOperation {
    fileprivate var text: String {
        func written(_ expression: OracleExpression) -> String { OracleExpressionWriter.text(expression) }
        switch self {
        case .keep(.binary(.or, let left, let right)): return ".filter(\(written(.binary(.or, left, right))))"
        case .keep(let condition): return ".where(\(written(condition)))"
        case .select(let items):
            let texts = items.map { item in
                if case .name(item.name) = item.expression { return item.name }
                return "\(item.name): \(written(item.expression))"
            }
            return ".select(\(texts.joined(separator: ", ")))"
        case .emit(nil, let items): return ".emit(\(items.text))"
        case .emit(let type?, let items): return ".emit as \(type) (\(items.text))"
        case .partition(let field): return ".partition_by(\(field))"
        case .window(let window): return ".window(\(window.text))"
        case .aggregate(let items):
            return
                ".aggregate(\(items.map { "\($0.name): \($0.value.text(isOperand: false))" }.joined(separator: ", ")))"
        case .having(let condition): return ".having(\(written(condition)))"
        case .distinct(let value): return ".distinct(\(value.map(written) ?? ""))"
        case .limit(let count): return ".limit(\(count))"
        case .first: return ".first()"
        case .tap: return ".tap(seen: 1)"
        case .process(let value): return ".process(\(written(value)))"
        }
    }
}

extension OracleWindow {
    fileprivate var text: String {
        switch self {
        case .tumbling(let size): OracleExpressionWriter.duration(size)
        case .sliding(let size, let step):
            "\(OracleExpressionWriter.duration(size)), sliding: \(OracleExpressionWriter.duration(step))"
        case .count(let size): "\(size)"
        case .slidingCount(let size, let step): "\(size), sliding: \(step)"
        case .written(let text, _): text
        case .session(let gap): "session: \(OracleExpressionWriter.duration(gap))"
        }
    }
}

extension OracleAggregate {
    fileprivate func text(isOperand: Bool) -> String {
        func written(_ expression: OracleExpression) -> String { OracleExpressionWriter.text(expression) }
        switch self {
        case .literal(let value): return OracleExpressionWriter.literal(value)
        case .count(let value): return "count(\(value.map(written) ?? ""))"
        case .countDistinct(let value, let isNested):
            return isNested ? "count(distinct(\(written(value))))" : "count_distinct(\(written(value)))"
        case .function(let name, let value): return "\(name)(\(written(value)))"
        case .ema(let value, let periods): return "ema(\(written(value)), \(periods))"
        case .binary(let operation, let left, let right):
            let text = "\(left.text(isOperand: true)) \(operation.rawValue) \(right.text(isOperand: true))"
            return isOperand ? "(\(text))" : text
        }
    }
}
