import Checksum

/// What a program remembers after some events, and where its input stood then: enough to go on as if it had never stopped.
///
/// As bytes it is a header and sections, each with its own checksum (CRC-32C), and at the end one of everything. Numbers of
/// fixed size are little-endian; see `StateWriter` for the others.
///
///     56 50 4C 43 4B 50 54 00     "VPLCKPT" and a zero
///     01 00                       the version, 1
///     01                          section 1, the manifest
///       1C 00 00 00 00 00 00 00   its length, 28 bytes
///       …                         what it holds
///       9A 3B 00 51               the checksum of the section from its number on
///     02 … 02 …                   section 2, an operator; as many as there are
///     FF 04 00 00 00 00 00 00 00  the last section: four bytes
///       …                         the checksum of all bytes before this section
///       …                         the checksum of this section
///
/// Bytes that were changed or cut anywhere are refused; nothing is restored of them.
public struct Checkpoint: Sendable {
    /// The version of the format that is written, and the latest that is read.
    public static let version: UInt16 = 1

    /// What is not of one operator.
    public internal(set) var manifest: Manifest
    var operators: [SavedOperator] = []

    private static let magic: [UInt8] = Array("VPLCKPT".utf8) + [0]

    private enum Section: UInt8 {
        case manifest = 1
        case savedOperator = 2
        case end = 255
    }

    init(manifest: Manifest) { self.manifest = manifest }

    // MARK: - Bytes

    public func encoded() -> [UInt8] {
        var writer = StateWriter()
        writer.reserve(self.operators.reduce(1024) { $0 + $1.entries.bytes.count + 256 })
        writer.append(Self.magic)
        writer.write(fixed: Self.version)
        Self.write(.manifest, to: &writer) { self.manifest.write(to: &$0) }
        for saved in self.operators { Self.write(.savedOperator, to: &writer) { saved.write(to: &$0) } }
        let whole = CRC32C.checksum(writer.bytes)
        Self.write(.end, to: &writer) { $0.write(fixed: whole) }
        return writer.bytes
    }

    private static func write(_ section: Section, to writer: inout StateWriter, _ body: (inout StateWriter) -> Void) {
        var content = StateWriter()
        body(&content)
        var head = StateWriter()
        head.write(byte: section.rawValue)
        head.write(fixed: UInt64(content.bytes.count))
        writer.append(head.bytes)
        writer.append(content.bytes)
        writer.write(fixed: Self.checksum(head.bytes[...], content.bytes[...]))
    }

    private static func checksum(_ parts: ArraySlice<UInt8>...) -> UInt32 {
        var checksum = CRC32C()
        for part in parts { part.withUnsafeBytes { checksum.update($0) } }
        return checksum.value
    }

    /// Reads all of it, or throws.
    public init(decoding bytes: [UInt8]) throws(CheckpointError) {
        var reader = StateReader(bytes)
        guard bytes.starts(with: Self.magic) else { throw CheckpointError(.unknownFormat, "this is no checkpoint") }
        _ = try reader.slice(Self.magic.count)
        let version = try reader.fixed(UInt16.self)
        guard version <= Self.version else {
            let message =
                "the checkpoint is of version \(version) of the format, and only versions up to \(Self.version) can be read"
            throw CheckpointError(.unknownFormat, message)
        }
        guard version > 0 else { throw .malformed("its version is 0") }
        var manifest: Manifest?
        var operators: [SavedOperator] = []
        while true {
            let start = reader.position
            let number = try reader.byte()
            let length = try reader.fixed(UInt64.self)
            guard length <= UInt64(reader.left) else { throw .malformed("it ends too early") }
            let headEnd = reader.position
            let content = try reader.slice(Int(length))
            let checksum = try reader.fixed(UInt32.self)
            guard checksum == Self.checksum(bytes[start..<headEnd], content) else {
                throw .malformed("the checksum of a section does not fit")
            }
            var section = StateReader(content)
            switch Section(rawValue: number) {
            case .manifest where manifest == nil: manifest = try Manifest(from: &section)
            case .savedOperator where manifest != nil: operators.append(try SavedOperator(from: &section))
            case .end:
                guard let manifest, try section.fixed(UInt32.self) == Self.checksum(bytes[..<start]) else {
                    throw .malformed("its checksum does not fit")
                }
                try section.finish()
                try reader.finish()
                self.manifest = manifest
                self.operators = operators
                return
            case .manifest, .savedOperator, nil: throw .malformed("a section is of no known kind")
            }
            try section.finish()
        }
    }
}
