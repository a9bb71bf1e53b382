import VPL

/// Watermarks, and the lambdas of `.pattern`.
extension PlanCompiler {
    /// Nil for a stream without a watermark.
    mutating func watermark(
        of stream: StreamDeclaration,
        types: [String],
        _ constants: Constants
    ) -> CompiledWatermark? {
        var (tolerance, lateness): (Int64?, Int64?)
        for case .operation(let operation) in stream.stages {
            switch operation.kind {
            case .watermark(let arguments):
                guard let span = arguments.last(where: { $0.name.text == "out_of_order" }) else { continue }
                tolerance = self.span(span.value, of: ".watermark", constants)
            case .allowedLateness(let span): lateness = self.span(span, of: ".allowed_lateness", constants)
            default: break
            }
        }
        var seen: Set<String> = []
        let distinct = types.filter { seen.insert($0).inserted }
        return tolerance.map { CompiledWatermark(tolerance: $0, lateness: lateness, types: distinct) }
    }

    /// A time in nanoseconds, which may be none.
    private mutating func span(_ expression: Expression, of place: String, _ constants: Constants) -> Int64? {
        if case .duration(let span) = self.value(of: expression, constants) { return Int64(clamping: span) }
        let message = "`\(place)` takes a duration such as `5s`, known when the program is loaded"
        self.report(.type, message, code: "E061", at: expression)
        return nil
    }

    /// Each lambda becomes a call on the batch.
    mutating func pattern(_ items: [NamedExpression]) -> [CompiledPattern] {
        items.compactMap { item in
            guard case .lambda(let parameters, let body) = item.value.kind else { return nil }
            let node = self.expressions.compilePattern(item.name.text, parameters, body)
            return CompiledPattern(name: item.name.text, node: node)
        }
    }
}
