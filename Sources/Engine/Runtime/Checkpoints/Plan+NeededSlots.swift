extension Plan {
    /// The values of runs, in order, without which a sequence could not go on: those that conditions or operations on matches
    /// read, and what is added up. Nil if it needs whatever its runs can have.
    func slotsNeeded(by sequence: CompiledSequence, of stream: CompiledStream) -> [Int]? {
        guard SequenceProgram.isSuitable(sequence) else { return nil }
        let read = Set(BatchProgram.fields(of: self))
        let shown = SequenceOutput.slots(sequence, of: stream, self, read: read)
        return SequenceProgram(sequence, self.code, outputs: shown).cells.keys.sorted()
    }
}
