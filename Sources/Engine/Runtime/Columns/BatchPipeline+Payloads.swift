extension BatchPipeline {
    /// Processes what came from elsewhere, as `Pipeline.process(_:into:rejected:)` does.
    ///
    /// - Parameters:
    ///   - emits: False where nobody wants the emitted events; they are counted all the same.
    ///   - rejected: Called with why a payload is no event.
    public func process(
        _ payloads: EventPayloads,
        into outputs: inout Outputs,
        emits: Bool,
        rejected: (EventDecodingError) -> Void
    ) {
        payloads.bytes.withUnsafeBufferPointer { bytes in
            guard let input = bytes.baseAddress else { return }
            self.batch.input = input
            var rows = RowReader(self.batch)
            defer { rows.free() }
            payloads.forEach { place, defaultType in
                do throws(EventDecodingError) {
                    try self.read(place, bytes, defaultType, payloads.arrival, with: &rows)
                } catch {
                    rejected(error)
                }
                if self.batch.isFull {
                    rows.finishBatch()
                    self.runBatch(into: &outputs, emits: emits)
                }
            }
            rows.finishBatch()
            self.runBatch(into: &outputs, emits: emits)
        }
    }

    private func read(
        _ place: Range<Int>,
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ defaultType: String?,
        _ arrival: Int64,
        with rows: inout RowReader
    ) throws(EventDecodingError) {
        let type = defaultType.map { self.batch.schema.type(named: $0) }
        if place.count <= EventLimits.payloadBytesMax, rows.readJSON(place, arrival: arrival, defaultType: type) {
            self.batch.noteLine(place)
            return
        }
        let payload = UnsafeBufferPointer(rebasing: bytes[place])
        self.batch.append(
            try EventDecoder.decode(payload.span, defaultType: defaultType, arrival: arrival, cuts: &self.cuts)
        )
    }
}

extension Pipeline {
    /// Processes what came from elsewhere, one after the other.
    ///
    /// - Parameter rejected: Called with why a payload is no event.
    public mutating func process(
        _ payloads: EventPayloads,
        into outputs: inout Outputs,
        rejected: (EventDecodingError) -> Void
    ) {
        payloads.forEach { place, defaultType in
            do throws(EventDecodingError) {
                let event = try EventDecoder.decode(
                    payloads.bytes.span.extracting(place),
                    defaultType: defaultType,
                    arrival: payloads.arrival,
                    cuts: &self.cuts
                )
                self.process(event, into: &outputs)
            } catch {
                rejected(error)
            }
        }
    }
}
