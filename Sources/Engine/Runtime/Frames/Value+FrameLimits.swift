extension Value {
    /// The value within the limits on events, cut as JSON is when it is read.
    ///
    /// - Parameter depth: How many levels of arrays and maps may still be kept.
    func fitted(depth: Int = EventLimits.depthMax, _ cuts: inout EventCuts) -> Value {
        switch self {
        case .null, .bool, .int, .float, .timestamp, .duration: return self
        case .string(let text):
            return text.utf8.count <= EventLimits.stringBytesMax ? self : .string(text.fitted(&cuts))
        case .array where depth == 0, .map where depth == 0:
            cuts.nested += 1
            return .null
        case .array(let items):
            if items.count > EventLimits.elementsMax { cuts.arrays += 1 }
            return .array(items.prefix(EventLimits.elementsMax).map { $0.fitted(depth: depth - 1, &cuts) })
        case .map(let fields):
            var fitted = Fields()
            fitted.reserveCapacity(fields.count)
            for entry in fields.entries {
                fitted[entry.name.fitted(&cuts)] = entry.value.fitted(depth: depth - 1, &cuts)
            }
            return .map(fitted)
        }
    }
}

extension String {
    /// Without what is beyond the limit on strings.
    func fitted(_ cuts: inout EventCuts) -> String {
        guard self.utf8.count > EventLimits.stringBytesMax else { return self }
        let bytes = Array(self.utf8)
        let length = EventLimits.cut(bytes.count, &cuts) { bytes[$0] }
        return String(decoding: bytes[..<length], as: UTF8.self)
    }
}
