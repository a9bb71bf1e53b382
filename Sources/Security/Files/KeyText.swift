/// An API key in a file of its own: kept off the command line, which everybody on the machine can read.
public enum KeyText {
    public static let byteCountMax = 4_096

    /// The key, without the line's end behind it.
    public static func read(_ path: String) throws(FileError) -> String {
        var bytes = try SmallFile.read(path)[...]
        while let last = bytes.last, last == 0x0A || last == 0x0D { bytes.removeLast() }
        guard !bytes.isEmpty else { throw FileError("\(path) has no key in it.") }
        guard bytes.count <= Self.byteCountMax, let key = String(validating: bytes, as: UTF8.self), self.isValid(key)
        else {
            throw FileError(
                "\(path) has no key in it: a key is one line of printable ASCII without blanks, \(Self.byteCountMax) "
                    + "bytes at most."
            )
        }
        return key
    }

    /// Whether a header can carry the key as it is.
    public static func isValid(_ key: String) -> Bool {
        !key.isEmpty && key.utf8.count <= Self.byteCountMax && key.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
