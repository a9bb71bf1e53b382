import Foundation
import Linearizability

/// One operation as a recorder writes it down (docs/formats.md, "Histories").
struct HistoryLine: Decodable {
    var client: Int
    var key: String
    var op: String
    var value: String?
    /// What a `cas` expects; absent or null for nothing.
    var expected: String?
    var call: UInt64
    var `return`: UInt64?
    /// Nil where nobody knows what became of it.
    var ok: Bool?
    var result: Answer?

    /// What the client was told.
    enum Answer: Decodable, Equatable {
        case nothing
        case flag(Bool)
        case number(Int)
        case text(String)
        case texts([String])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .nothing
            } else if let flag = try? container.decode(Bool.self) {  // tries one kind after the other
                self = .flag(flag)
            } else if let number = try? container.decode(Int.self) {  // likewise
                self = .number(number)
            } else if let text = try? container.decode(String.self) {  // likewise
                self = .text(text)
            } else {
                self = .texts(try container.decode([String].self))
            }
        }
    }

    private enum CodingKeys: CodingKey { case client, key, op, value, expected, call, `return`, ok, result }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.client = try container.decode(Int.self, forKey: .client)
        self.key = try container.decode(String.self, forKey: .key)
        self.op = try container.decode(String.self, forKey: .op)
        self.value = try container.decodeIfPresent(String.self, forKey: .value)
        self.expected = try container.decodeIfPresent(String.self, forKey: .expected)
        self.call = try container.decode(UInt64.self, forKey: .call)
        self.return = try container.decodeIfPresent(UInt64.self, forKey: .return)
        self.ok = try container.decodeIfPresent(Bool.self, forKey: .ok)
        // Present and null is an answer: nothing was there.
        self.result = container.contains(.result) ? try container.decode(Answer.self, forKey: .result) : nil
    }
}

/// What is wrong with a history file.
struct HistoryError: Error, CustomStringConvertible {
    var line: Int?
    var problem: String
    var description: String { self.line.map { "line \($0): \(self.problem)" } ?? self.problem }
}
