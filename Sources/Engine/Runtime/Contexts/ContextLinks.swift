/// The results of streams that streams of other contexts read.
struct ContextLinks {
    struct Link {
        let source: Int?
        let target: Int?
        let type: String
        /// Places of streams.
        let writer: Int
        let reader: Int
    }

    let links: [Link]
    /// The contexts that have streams, nil for the default one: each after those that it reads, and where that leaves a
    /// choice, in the order declared. Those in a circle are missing.
    let order: [Int?]

    init(_ streams: [CompiledStream], _ code: Code, _ functions: [CompiledFunction]) {
        let functions = Self.processes(streams) ? functions : []
        let contexts = Set(streams.map(\.context))
        self.links = contexts.count < 2 ? [] : Self.links(streams, EmittedTypes(code, functions))
        let sources = Dictionary(grouping: self.links, by: \.target).mapValues { Set($0.map(\.source)) }
        var waiting = contexts.sorted { ($0 ?? -1) < ($1 ?? -1) }
        var order: [Int?] = []
        while let next = waiting.firstIndex(where: { (sources[$0] ?? []).isSubset(of: order) }) {
            order.append(waiting.remove(at: next))
        }
        self.order = order
    }

    private static func processes(_ streams: [CompiledStream]) -> Bool {
        streams.contains { $0.operations.contains { if case .process = $0 { true } else { false } } }
    }

    private static func links(_ streams: [CompiledStream], _ emitted: EmittedTypes) -> [Link] {
        var readers: [String: [Int]] = [:]
        for (place, stream) in streams.enumerated() {
            for type in Set(stream.branches.map(\.type)) { readers[type, default: []].append(place) }
        }
        return streams.enumerated().flatMap { writer, stream in
            emitted.types(of: stream).flatMap { type in
                (readers[type] ?? []).filter { streams[$0].context != stream.context }.map { reader in
                    Link(
                        source: stream.context,
                        target: streams[reader].context,
                        type: type,
                        writer: writer,
                        reader: reader
                    )
                }
            }
        }
    }

    /// The links of a circle of contexts, one from each to the next; nil where there is none.
    var circle: [Link]? {
        let blocked = self.links.filter { !self.order.contains($0.source) && !self.order.contains($0.target) }
        // All that is left waits for something that is left too: going back from any of it leads round.
        guard let first = blocked.first else { return nil }
        var context = first.target
        var path: [Link] = []
        while true {
            if let start = path.firstIndex(where: { $0.target == context }) { return path[start...].reversed() }
            guard let link = blocked.first(where: { $0.target == context }) else { return nil }
            path.append(link)
            context = link.source
        }
    }
}

/// The types under which the results of streams can be read.
private struct EmittedTypes {
    private let functions: [CompiledFunction]
    /// By function: for each node whether it calls it.
    private let callers: [[Bool]]

    init(_ code: Code, _ functions: [CompiledFunction]) {
        self.functions = functions
        self.callers = functions.indices.map { function in
            code.nodes { if case .call(let id, _) = $0 { Int(id.rawValue) == function } else { false } }
        }
    }

    func types(of stream: CompiledStream) -> [String] {
        var types: Set<String> = [stream.name]
        for operation in stream.operations {
            switch operation {
            case .emit(let type, true, _): types.insert(type)
            case .process(let node, _): types.formUnion(self.emitted(by: node))
            default: break
            }
        }
        return types.sorted()
    }

    /// What `emit` statements of all functions give that an expression calls, or that these call.
    private func emitted(by node: NodeID) -> Set<String> {
        var reached: Set<Int> = []
        var waiting = self.called(by: [node])
        var types: Set<String> = []
        while let function = waiting.popLast() {
            guard reached.insert(function).inserted else { continue }
            var nodes: [NodeID] = []
            Self.survey(self.functions[function].body, &nodes, &types)
            waiting += self.called(by: nodes)
        }
        return types
    }

    private func called(by nodes: [NodeID]) -> [Int] {
        self.functions.indices.filter { function in nodes.contains { self.callers[function][Int($0.rawValue)] } }
    }

    private static func survey(_ statements: [CompiledStatement], _ nodes: inout [NodeID], _ types: inout Set<String>) {
        for statement in statements {
            switch statement {
            case .declare(_, let node), .assign(_, _, let node), .expression(let node), .returnValue(.some(let node)):
                nodes.append(node)
            case .branch(let branches, let otherwise):
                for branch in branches {
                    nodes.append(branch.condition)
                    Self.survey(branch.body, &nodes, &types)
                }
                Self.survey(otherwise, &nodes, &types)
            case .forEach(_, let sequence, let body):
                switch sequence {
                case .range(let from, let to, _): nodes += [from, to]
                case .value(let node): nodes.append(node)
                }
                Self.survey(body, &nodes, &types)
            case .whileTrue(let condition, let body):
                nodes.append(condition)
                Self.survey(body, &nodes, &types)
            case .emit(let type, let fields):
                types.insert(type)
                nodes += fields.map(\.value)
            case .returnValue(.none), .breakLoop, .continueLoop: break
            }
        }
    }
}
