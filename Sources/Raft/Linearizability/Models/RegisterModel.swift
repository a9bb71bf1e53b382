/// One value, or none: a key of a store.
public struct RegisterModel<Value: Hashable & Sendable>: SequentialModel {
    public enum Operation: Hashable, Sendable {
        case read
        /// Whatever was there before.
        case write(Value)
        /// If there is no value. Creating once more what is there already counts as done.
        case create(Value)
        /// If there is a value.
        case update(Value)
        /// If there is a value.
        case delete
        /// If this value, or none, is there.
        case compareAndSet(expected: Value?, new: Value)
    }

    public enum Result: Hashable, Sendable {
        /// What a read saw.
        case value(Value?)
        case done
        /// The operation's condition did not hold, so that it changed nothing.
        case refused
    }

    public var initial: Value?

    public init(initial: Value? = nil) { self.initial = initial }

    public func step(_ state: Value?, _ operation: Operation, _ result: Result?) -> Value?? {
        if operation == .read {
            if let result, result != .value(state) { return nil }
            return .some(state)
        }
        let next = self.effect(of: operation, on: state)
        switch result {
        case nil: return .some(next ?? state)
        case .done: return next
        case .refused: return next == nil ? .some(state) : nil
        case .value: return nil
        }
    }

    /// What is there after an operation that writes; nil if its condition does not hold.
    private func effect(of operation: Operation, on state: Value?) -> Value?? {
        switch operation {
        case .read: .some(state)
        case .write(let value): .some(value)
        case .create(let value): state == nil || state == value ? .some(value) : nil
        case .update(let value): state != nil ? .some(value) : nil
        case .delete: state != nil ? .some(nil) : nil
        case .compareAndSet(let expected, let new): state == expected ? .some(new) : nil
        }
    }

    public func isBlind(_ operation: Operation) -> Bool {
        if case .write = operation { true } else { false }
    }

    public func describe(_ operation: Operation, _ result: Result?) -> String {
        let words =
            switch operation {
            case .read: "read"
            case .write(let value): "write \(value)"
            case .create(let value): "create \(value)"
            case .update(let value): "update to \(value)"
            case .delete: "delete"
            case .compareAndSet(let expected, let new): "change \(self.describe(expected)) to \(new)"
            }
        switch result {
        case nil: return words + ", no answer"
        case .done: return words
        case .refused: return words + ", refused"
        case .value(let value): return words + " -> \(self.describe(value))"
        }
    }

    public func describe(_ state: Value?) -> String { state.map { "\($0)" } ?? "nothing" }
}
