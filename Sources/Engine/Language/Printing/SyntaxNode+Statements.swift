/// Statements and declarations.
extension SyntaxNode {
    init(_ statement: Statement) {
        let place = statement.location
        switch statement.kind {
        case .context(let context):
            let cores = context.cores.map(String.init).joined(separator: ", ")
            self.init("context", context.name.text + (context.cores.isEmpty ? "" : " cores [\(cores)]"), at: place)
        case .connector(let connector):
            let text = "\(connector.name.text) = \(connector.type.text)"
            self.init("connector", text, at: place, connector.parameters.map(SyntaxNode.init(parameter:)))
        case .stream(let stream): self.init(stream, at: place)
        case .pattern(let pattern): self.init(pattern, at: place)
        case .event(let event):
            let text = event.name.text + (event.base.map { " extends \($0.text)" } ?? "")
            let fields = event.fields.map {
                SyntaxNode("field", "\($0.name.text): \($0.type.text)", at: $0.name.location)
            }
            self.init("event", text, at: place, fields)
        case .typeAlias(let name, let type): self.init("type", "\(name.text) = \(type.text)", at: place)
        case .variable(let variable):
            let type = variable.type.map { ": \($0.text)" } ?? ""
            let text = "\(variable.name.text)\(type) = \(variable.value.text)"
            self.init(variable.keyword.rawValue, text, at: place, variable.value.blocks)
        case .function(let function):
            let parameters = function.parameters.map { "\($0.name.text): \($0.type.text)" }.joined(separator: ", ")
            let text = "\(function.name.text)(\(parameters))" + (function.result.map { " -> \($0.text)" } ?? "")
            self.init("fn", text, at: place, function.body.map(SyntaxNode.init(_:)))
        case .config(let name): self.init("config", name?.text ?? "", at: place)
        case .importFile(let path, let alias):
            self.init("import", path.quoted + (alias.map { " as \($0.text)" } ?? ""), at: place)
        case .ifElse(let branches, let otherwise):
            var children = branches.map {
                SyntaxNode(
                    "condition",
                    $0.condition.text,
                    at: $0.condition.location,
                    $0.condition.blocks + $0.body.map(SyntaxNode.init(_:))
                )
            }
            if !otherwise.isEmpty { children.append(SyntaxNode("else", "", otherwise.map(SyntaxNode.init(_:)))) }
            self.init("if", at: place, children)
        case .forEach(let variable, let sequence, let body):
            let text = "\(variable.text) in \(sequence.text)"
            self.init("for", text, at: place, sequence.blocks + body.map(SyntaxNode.init(_:)))
        case .whileTrue(let condition, let body):
            self.init("while", condition.text, at: place, condition.blocks + body.map(SyntaxNode.init(_:)))
        case .returnValue(let value): self.init("return", value?.text ?? "", at: place, value?.blocks ?? [])
        case .breakLoop: self.init("break", at: place)
        case .continueLoop: self.init("continue", at: place)
        case .emit(let type, let fields): self.init("emit", type.text, at: place, fields.map(SyntaxNode.init(named:)))
        case .assign(let name, let value):
            self.init("assign", "\(name.text) := \(value.text)", at: place, value.blocks)
        case .expression(let value): self.init("expression", value.text, at: place, value.blocks)
        }
    }

    init(parameter: ParameterSyntax) {
        self.init("parameter", "\(parameter.name.text): \(parameter.value.text)", at: parameter.name.location)
    }

    init(named: NamedExpression) {
        self.init("field", "\(named.name.text): \(named.value.text)", at: named.name.location, named.value.blocks)
    }

    init(_ kind: String, _ value: Expression) {
        self.init(kind, value.text, at: value.location, value.blocks)
    }
}

extension ConnectorParameter.Value {
    var text: String {
        switch self {
        case .string(let text): text.quoted
        case .int(let number): String(number)
        case .float(let number): String(number)
        case .bool(let flag): String(flag)
        case .duration(let nanoseconds): nanoseconds.durationText
        case .array(let values): "[\(values.map(\.text).joined(separator: ", "))]"
        }
    }
}

extension TypeReference {
    var text: String {
        switch self {
        case .named(let name): name.text
        case .array(let element): "[\(element.text)]"
        case .map(let key, let value): "{\(key.text): \(value.text)}"
        case .tuple(let members): "(\(members.map(\.text).joined(separator: ", ")))"
        case .stream(let element): "Stream<\(element.text)>"
        case .optional(let type): "\(type.text)?"
        }
    }
}
