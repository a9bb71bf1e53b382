/// A number that starts at zero. An increment answers with the number after it, so no two may get the same answer.
public struct CounterModel: SequentialModel {
    public enum Operation: Hashable, Sendable {
        case increment
        case read
    }

    public var initial: Int { 0 }

    public init() {}

    public func step(_ state: Int, _ operation: Operation, _ result: Int?) -> Int? {
        let next = operation == .increment ? state + 1 : state
        return result == nil || result == next ? next : nil
    }

    public func describe(_ operation: Operation, _ result: Int?) -> String {
        "\(operation)" + (result.map { " -> \($0)" } ?? ", no answer")
    }

    public func describe(_ state: Int) -> String { "\(state)" }
}
