import Glibc

/// Writing to a descriptor that may take bytes in pieces.
enum StandardWrite {
    /// Writes all bytes. Returns why it could not, nil when it could.
    static func all(_ bytes: [UInt8], to descriptor: CInt) -> String? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 else {
                if errno == EINTR { continue }
                return String(cString: strerror(errno))
            }
            rest = rest.dropFirst(written)
        }
        return nil
    }
}
