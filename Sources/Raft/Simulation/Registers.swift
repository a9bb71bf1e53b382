import RaftCore

/// The state machine of the simulated cluster: sixteen registers, and a digest of everything that was applied.
struct Registers: Sendable {
    private(set) var applied = LogPosition.zero
    /// Over all entries applied so far: two members that agree on it have applied the same.
    private(set) var digest: UInt64 = 0
    private(set) var values = InlineArray<16, UInt64>(repeating: 0)

    static let count = 16

    mutating func apply(_ entry: Entry) {
        var fingerprint = Fingerprint()
        fingerprint.mix(self.digest)
        fingerprint.mix(entry.term.rawValue)
        fingerprint.mix(entry.fingerprint)
        self.digest = fingerprint.value
        self.applied = entry.position
        guard entry.kind == .command, let write = RegisterWrite(payload: entry.payload) else { return }
        self.values[write.register] = write.value
    }

    /// How many chunks a snapshot of this state is cut into: few, and the same on every member.
    var chunkCount: UInt32 { UInt32(1 + self.applied.index.rawValue % 7) }

    var digestBytes: [UInt8] {
        Array(repeating: 0, count: 24) + withUnsafeBytes(of: self.digest.bigEndian) { Array($0) }
    }
}

/// A client's command: its value, which nobody else writes, into one register.
struct RegisterWrite: Hashable, Sendable {
    var register: Int
    var value: UInt64

    func payload(padding: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 9 + padding)
        for place in 0..<8 { bytes[place] = UInt8(truncatingIfNeeded: self.value >> UInt64(56 - 8 * place)) }
        bytes[8] = UInt8(self.register)
        return bytes
    }

    init(register: Int, value: UInt64) {
        self.register = register
        self.value = value
    }

    init?(payload: [UInt8]) {
        guard payload.count >= 9, payload[8] < Registers.count else { return nil }
        self.value = payload.withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
        self.register = Int(payload[8])
    }
}
