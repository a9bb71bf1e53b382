import Foundation
import Linearizability

/// Reads a history from a file of JSON lines.
enum HistoryFile {
    /// Limits against a file that is something else altogether.
    static let bytesMax = 256 << 20
    static let lineBytesMax = 1 << 20

    static func bytes(at path: String) throws(HistoryError) -> Data {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw HistoryError(problem: "cannot open \(path)")
        }
        var bytes = Data()
        do {
            while let more = try file.read(upToCount: 1 << 20), !more.isEmpty {
                bytes.append(more)
                if bytes.count > Self.bytesMax { break }
            }
        } catch {
            throw HistoryError(problem: "cannot read \(path): \(error.localizedDescription)")
        }
        guard bytes.count <= Self.bytesMax else {
            throw HistoryError(problem: "\(path) is larger than \(Self.bytesMax >> 20) MiB")
        }
        return bytes
    }

    static func history<Model: RecordedModel>(
        _ bytes: Data,
        for model: Model
    ) throws(HistoryError) -> History<String, Model.Operation, Model.Result> {
        var history = History<String, Model.Operation, Model.Result>()
        let decoder = JSONDecoder()
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (place, bytes) in lines.enumerated() where !bytes.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) {
            do {
                guard bytes.count <= Self.lineBytesMax else {
                    throw HistoryError(problem: "longer than \(Self.lineBytesMax) bytes")
                }
                try Self.add(try decoder.decode(HistoryLine.self, from: bytes), to: &history, model)
            } catch {
                throw HistoryError(line: place + 1, problem: Self.words(error))
            }
        }
        return history
    }

    private static func add<Model: RecordedModel>(
        _ line: HistoryLine,
        to history: inout History<String, Model.Operation, Model.Result>,
        _ model: Model
    ) throws(HistoryError) {
        let operation = try model.operation(line)
        let number = history.call(operation, on: line.key, by: line.client, at: line.call)
        switch line.ok {
        case nil: return
        case false?: history.fail(number)
        case true?:
            guard let returned = line.return else { throw HistoryError(problem: "`ok` is true without `return`") }
            guard returned >= line.call else { throw HistoryError(problem: "`return` lies before `call`") }
            history.complete(number, with: try model.result(line), at: returned)
        }
    }

    private static func words(_ error: any Error) -> String {
        switch error {
        case let error as HistoryError: error.problem
        case DecodingError.keyNotFound(let key, _): "`\(key.stringValue)` is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "`\(context.codingPath.first?.stringValue ?? "the line")` has the wrong type"
        default: "not a JSON object of the format"
        }
    }
}
