/// Watermarks and lateness, which belong to a stream wherever they stand in it.
extension Checker {
    mutating func checkWatermark(_ arguments: [NamedExpression], at name: Name) {
        guard let span = arguments.last(where: { $0.name.text == "out_of_order" }) else {
            return self.error(nil, .parameter, "`.watermark` needs `out_of_order:` and a duration", at: name)
        }
        self.checkDuration(span.value, allowsInteger: false, of: "out_of_order")
    }

    mutating func checkEventTime(of stream: StreamDeclaration) {
        var seen: Set<String> = []
        var lateness: Name?
        for case .operation(let operation) in stream.stages {
            switch operation.kind {
            case .watermark: break
            case .allowedLateness: lateness = operation.name
            default: continue
            }
            let name = operation.name
            if !seen.insert(name.text).inserted {
                self.error(nil, .duplicate, "a stream has only one `.\(name.text)`", at: name)
            }
        }
        guard let lateness, !seen.contains("watermark") else { return }
        let message = "without `.watermark` no event is late, so `.allowed_lateness` does nothing"
        self.warn(nil, .order, message, at: lateness)
    }
}
