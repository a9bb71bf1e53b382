/// A list that only grows at its end. Of all objects it says most about order: each read shows all that came before.
public struct AppendListModel<Element: Hashable & Sendable>: SequentialModel {
    public enum Operation: Hashable, Sendable {
        case append(Element)
        case read
    }

    public enum Result: Hashable, Sendable {
        case appended
        case elements([Element])
    }

    public var initial: [Element] { [] }

    public init() {}

    public func step(_ state: [Element], _ operation: Operation, _ result: Result?) -> [Element]? {
        switch (operation, result) {
        case (.append(let element), nil), (.append(let element), .appended): state + [element]
        case (.read, nil): state
        case (.read, .elements(let elements)): elements == state ? state : nil
        case (.append, .elements), (.read, .appended): nil
        }
    }

    public func describe(_ operation: Operation, _ result: Result?) -> String {
        let words =
            switch operation {
            case .append(let element): "append \(element)"
            case .read: "read"
            }
        switch result {
        case nil: return words + ", no answer"
        case .appended: return words
        case .elements(let elements): return words + " -> \(elements)"
        }
    }

    public func describe(_ state: [Element]) -> String { "\(state)" }
}
