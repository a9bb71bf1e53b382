/// What a program declares at top level, by kind: different kinds have separate name spaces.
struct Declarations {
    private(set) var events: [String: EventDeclaration] = [:]
    /// The names of the fields that an event itself declares.
    private var fieldNames: [String: Set<String>] = [:]
    var streams: Set<String> = []
    var functions: [String: FunctionDeclaration] = [:]
    private(set) var connectors: [ConnectorDeclaration] = []
    private var connectorPositions: [String: Int] = [:]
    var contexts: Set<String> = []
    var patterns: [String: PatternDeclaration] = [:]
    var types: Set<String> = []
    /// Global variables, and whether they may be assigned.
    var variables: [String: Bool] = [:]

    /// What a stream can read by name.
    var sourceNames: Set<String> { self.streams.union(self.events.keys).union(self.patterns.keys) }

    func connector(_ name: String) -> ConnectorDeclaration? {
        self.connectorPositions[name].map { self.connectors[$0] }
    }

    mutating func add(_ event: EventDeclaration) {
        self.events[event.name.text] = event
        self.fieldNames[event.name.text] = Set(event.fields.lazy.map(\.name.text))
    }

    mutating func add(_ connector: ConnectorDeclaration) {
        self.connectorPositions[connector.name] = self.connectors.count
        self.connectors.append(connector)
    }

    /// How many events one may extend, in a chain, for its fields to be known.
    private static let lineageMax = 100

    /// The names of an event's fields, and of those of the events it extends, by event; nil when one of them is not
    /// declared.
    func fieldNames(of event: String) -> [Set<String>]? {
        var names: [Set<String>] = []
        var visited: Set<String> = []
        var next: String? = event
        while let current = next, visited.insert(current).inserted {
            guard let fields = self.fieldNames[current], names.count < Self.lineageMax else { return nil }
            names.append(fields)
            next = self.events[current]?.base?.text
        }
        return names
    }
}

extension Checker {
    /// The first pass: every declaration, so that the second knows all names whatever their order.
    mutating func collect() {
        for statement in self.program.statements {
            switch statement.kind {
            case .event(let event):
                if self.declarations.events[event.name.text] != nil {
                    self.duplicate("event", event.name, "E001")
                } else {
                    self.declarations.add(event)
                }
            case .stream(let stream):
                if !self.declarations.streams.insert(stream.name.text).inserted {
                    self.duplicate("stream", stream.name, "E002")
                }
            case .function(let function):
                if self.declarations.functions[function.name.text] != nil {
                    self.duplicate("function", function.name, "E003")
                } else {
                    self.declarations.functions[function.name.text] = function
                }
            case .connector(let connector): self.collect(connector)
            case .context(let context):
                if !self.declarations.contexts.insert(context.name.text).inserted {
                    self.duplicate("context", context.name, "E005")
                }
            case .pattern(let pattern):
                if self.declarations.patterns[pattern.name.text] != nil {
                    self.duplicate("pattern", pattern.name, "E006")
                } else {
                    self.declarations.patterns[pattern.name.text] = pattern
                }
            case .typeAlias(let name, _):
                if !self.declarations.types.insert(name.text).inserted { self.duplicate("type", name, "E007") }
            case .variable(let variable):
                if self.declarations.variables[variable.name.text] != nil {
                    self.duplicate("variable", variable.name, "E008")
                } else {
                    self.declarations.variables[variable.name.text] = variable.isMutable
                }
            case .assign, .config, .importFile, .ifElse, .forEach, .whileTrue, .returnValue, .breakLoop,
                .continueLoop, .emit, .expression:
                break
            }
        }
        // An assignment to a name that no declaration knows makes a mutable global.
        for case .assign(let name, _) in self.program.statements.map(\.kind)
        where self.declarations.variables[name.text] == nil {
            self.declarations.variables[name.text] = true
        }
        for connector in self.outsideConnectors where self.declarations.connector(connector.name) == nil {
            self.declarations.add(connector)
        }
    }

    private mutating func collect(_ connector: ConnectorSyntax) {
        guard self.declarations.connector(connector.name.text) == nil else {
            return self.duplicate("connector", connector.name, "E004")
        }
        self.declarations.add(
            ConnectorDeclaration(
                name: connector.name.text,
                type: connector.type.text,
                parameters: connector.parameters.map { ConnectorParameter(name: $0.name.text, value: $0.value) }
            )
        )
    }

    private mutating func duplicate(_ what: String, _ name: Name, _ code: String) {
        self.error(code, .duplicate, "the \(what) `\(name.text)` is declared twice", at: name)
    }
}
