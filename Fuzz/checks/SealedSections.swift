import Checksum

/// Checkpoints without their checksums, so that changed bytes get past those: for each section its number, its length in two
/// bytes, the lowest first, and what it holds.
package enum SealedSections {
    /// The header of a checkpoint: eight bytes and the version.
    private static let header: [UInt8] = Array("VPLCKPT".utf8) + [0, 1, 0]
    /// A section's number and length, before what it holds.
    private static let headCount = 9

    /// A checkpoint with those sections; at the end one may be shorter than it says.
    package static func seal(_ bytes: [UInt8]) -> [UInt8] {
        var sealed = Self.header
        var place = 0
        while place + 3 <= bytes.count {
            let length = Int(bytes[place + 1]) | Int(bytes[place + 2]) << 8
            let content = bytes[(place + 3)...].prefix(length)
            Self.append(bytes[place], content, to: &sealed)
            place += 3 + content.count
        }
        Self.append(255, Self.bytes(of: CRC32C.checksum(sealed))[...], to: &sealed)
        return sealed
    }

    private static func append(_ number: UInt8, _ content: ArraySlice<UInt8>, to sealed: inout [UInt8]) {
        let section = [number] + Self.bytes(of: UInt64(content.count)) + content
        sealed += section + Self.bytes(of: CRC32C.checksum(section))
    }

    private static func bytes(of number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    /// The sections of a checkpoint that is as it was written, without the last.
    package static func unseal(_ sealed: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        var place = Self.header.count
        while place + Self.headCount <= sealed.count, sealed[place] != 255 {
            let length = Int(sealed[place + 1]) | Int(sealed[place + 2]) << 8
            let start = place + Self.headCount
            bytes += [sealed[place], sealed[place + 1], sealed[place + 2]] + sealed[start..<start + length]
            place = start + length + 4
        }
        return bytes
    }
}
