import Linearizability

/// A model whose operations have names in a history file.
protocol RecordedModel: SequentialModel {
    func operation(_ line: HistoryLine) throws(HistoryError) -> Operation
    func result(_ line: HistoryLine) throws(HistoryError) -> Result
}

extension RegisterModel: RecordedModel where Value == String {
    func operation(_ line: HistoryLine) throws(HistoryError) -> Operation {
        switch line.op {
        case "get": .read
        case "put": .write(try line.required)
        case "create": .create(try line.required)
        case "update": .update(try line.required)
        case "delete": .delete
        case "cas": .compareAndSet(expected: line.expected, new: try line.required)
        default: throw line.unknown("get, put, create, update, delete or cas")
        }
    }

    func result(_ line: HistoryLine) throws(HistoryError) -> Result {
        switch (line.op, line.result) {
        case ("get", .nothing): .value(nil)
        case ("get", .text(let value)): .value(value)
        case ("get", _): throw line.misfit("a string or null")
        case ("put", nil), ("put", .nothing), (_, .flag(true)): .done
        case (_, .flag(false)): .refused
        default: throw line.misfit("true or false")
        }
    }
}

extension AppendListModel: RecordedModel where Element == String {
    func operation(_ line: HistoryLine) throws(HistoryError) -> Operation {
        switch line.op {
        case "get": .read
        case "append": .append(try line.required)
        default: throw line.unknown("get or append")
        }
    }

    func result(_ line: HistoryLine) throws(HistoryError) -> Result {
        switch (line.op, line.result) {
        case ("get", .texts(let elements)): .elements(elements)
        case ("get", _): throw line.misfit("a list of strings")
        default: .appended
        }
    }
}

extension CounterModel: RecordedModel {
    func operation(_ line: HistoryLine) throws(HistoryError) -> Operation {
        switch line.op {
        case "get": .read
        case "increment": .increment
        default: throw line.unknown("get or increment")
        }
    }

    func result(_ line: HistoryLine) throws(HistoryError) -> Int {
        guard case .number(let number) = line.result else { throw line.misfit("a whole number") }
        return number
    }
}

extension HistoryLine {
    fileprivate var required: String {
        get throws(HistoryError) {
            guard let value = self.value else { throw HistoryError(problem: "`\(self.op)` needs a `value`") }
            return value
        }
    }

    fileprivate func unknown(_ known: String) -> HistoryError {
        HistoryError(problem: "`op` is \"\(self.op.prefix(40))\"; it must be \(known)")
    }

    fileprivate func misfit(_ expected: String) -> HistoryError {
        HistoryError(problem: "the `result` of \"\(self.op)\" must be \(expected)")
    }
}
