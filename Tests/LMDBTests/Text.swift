import LMDB
import Testing

/// A text's bytes, as a value to put.
func text(_ text: String) -> [UInt8] { Array(text.utf8) }

extension Environment {
    /// The value of `key` as text.
    func value(_ key: Key, in database: Database) throws -> String? {
        try self.read { try $0.get(key, in: database) }.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Every key, read as a number.
    func keys(of database: Database) throws -> [UInt64] {
        try self.read { transaction in
            var keys: [UInt64] = []
            try transaction.forEach(in: database) { key, _ in
                let number = UInt64(key: key)
                keys.append(try #require(number))
                return .next
            }
            return keys
        }
    }
}
