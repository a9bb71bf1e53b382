import ClusterAPI
import Security

/// A file of API keys with their roles:
///
///     {"keys": [{"key": "…", "role": "operator", "name": "deploys"}]}
struct KeyFile: Sendable {
    struct Key: Sendable {
        var key: String
        var role: Role
        var name: String?
    }

    /// In the file's order; at least one.
    let keys: [Key]

    static let keysMax = 1_000

    /// Throws a sentence that has none of the keys in it.
    init(path: String) throws(FileError) { try self.init(try SmallFile.read(path), path: path) }

    init(_ bytes: [UInt8], path: String) throws(FileError) {
        let form: Form
        do { form = try APIJSON.decode(Form.self, from: bytes) } catch {
            throw FileError("\(path) is no file of keys: \(error).")
        }
        guard !form.keys.isEmpty else { throw FileError("\(path) has no keys in it.") }
        guard form.keys.count <= Self.keysMax else {
            throw FileError("\(path) has \(form.keys.count) keys in it; \(Self.keysMax) is the most.")
        }
        var keys: [Key] = []
        var seen: Set<String> = []
        for (place, entry) in form.keys.enumerated() {
            guard KeyText.isValid(entry.key) else {
                throw FileError(
                    "\(path): key \(place + 1) is empty, or is not printable ASCII without blanks, "
                        + "\(KeyText.byteCountMax) bytes at most."
                )
            }
            guard let role = Role(named: entry.role) else {
                throw FileError(
                    "\(path): key \(place + 1) has the role \"\(entry.role.prefix(40))\"; known are viewer, operator "
                        + "and admin."
                )
            }
            guard seen.insert(entry.key).inserted else {
                throw FileError("\(path): key \(place + 1) is in it twice.")
            }
            keys.append(Key(key: entry.key, role: role, name: entry.name))
        }
        self.keys = keys
    }

    private struct Form: Decodable {
        struct Entry: Decodable {
            var key: String
            var role: String
            var name: String?
        }

        var keys: [Entry]
    }
}
