extension BatchPipeline {
    /// Processes the events of a frame, or none of them if it is not as it should be.
    ///
    /// - Parameter emits: False where nobody wants the emitted events; they are counted all the same.
    public func process(
        frame bytes: Span<UInt8>,
        into outputs: inout Outputs,
        emits: Bool = true
    ) throws(EventDecodingError) {
        try bytes.withUnsafeBufferPointer { bytes throws(EventDecodingError) in
            FrameReader(try FrameLayout(bytes), self.batch).fill()
            self.runBatch(into: &outputs, emits: emits)
        }
    }

    /// Processes the events of a frame and calls `output`, which finds what they emit in the pipeline.
    public func take(frame bytes: Span<UInt8>, output: (BatchPipeline) -> Void) throws(EventDecodingError) {
        try bytes.withUnsafeBufferPointer { bytes throws(EventDecodingError) in
            FrameReader(try FrameLayout(bytes), self.batch).fill()
            self.run()
            output(self)
            self.clear()
        }
    }
}

extension Pipeline {
    /// Processes the events of a frame one after the other, or none of them if it is not as it should be.
    public mutating func process(frame bytes: Span<UInt8>, into outputs: inout Outputs) throws(EventDecodingError) {
        self.process(try EventFrame.decode(bytes), into: &outputs)
    }
}
