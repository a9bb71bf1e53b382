/// What a batch printed, logged and sent: rows and columns until somebody asks.
struct BatchAsides {
    private var printed = RankedRows<(stream: String, values: [Column])>()
    private var logged = RankedRows<(stream: String, log: LogColumns)>()
    private var deliveries = RankedRows<SinkID>()

    /// What `.log` says.
    private struct LogColumns {
        let level: Column?
        let message: Column?
        let data: Column?

        init(_ log: CompiledLog, _ frame: Frame, _ evaluator: ColumnEvaluator) {
            self.level = log.level.map { evaluator.column($0, in: frame) }
            self.message = log.message.map { evaluator.column($0, in: frame) }
            self.data = log.data.map { evaluator.column($0, in: frame) }
        }
    }

    /// Takes the rows that came to `.print`, `.log` or `.to`.
    mutating func note(
        _ operation: CompiledOperation,
        of stream: String,
        _ frame: Frame,
        rank: Int,
        _ evaluator: ColumnEvaluator
    ) {
        switch operation {
        case .print(let values):
            self.printed.add(frame, rank: rank, (stream, values.map { evaluator.column($0, in: frame) }))
        case .log(let log): self.logged.add(frame, rank: rank, (stream, LogColumns(log, frame, evaluator)))
        case .deliver(let sink): self.deliveries.add(frame, rank: rank, sink)
        default: break
        }
    }

    /// After the last.
    mutating func close() {
        self.printed.close()
        self.logged.close()
        self.deliveries.close()
    }

    mutating func clear() {
        self.printed.clear()
        self.logged.clear()
        self.deliveries.clear()
    }

    /// Appends all, each in the order of single events.
    func append(to outputs: inout Outputs, _ batch: Batch, _ writer: RowWriter) {
        self.printed.forEach { list, row in
            let values = list.payload.values.map { batch.value($0, row) }
            outputs.printed.append(
                Outputs.printedLine(
                    of: list.payload.stream,
                    values.isEmpty ? .event(batch.event(row, in: list.frame)) : .values(values)
                )
            )
        }
        self.logged.forEach { list, row in
            let log = list.payload.log
            outputs.logged.append(
                LogEntry(
                    stream: list.payload.stream,
                    level: log.level.flatMap { batch.value($0, row) },
                    message: log.message.map { batch.value($0, row) },
                    data: log.data.flatMap { batch.value($0, row) },
                    event: batch.event(row, in: list.frame)
                )
            )
        }
        self.deliveries.forEach { list, row in
            writer.clear()
            writer.writePayload(row, list.frame, rank: list.rank)
            outputs.deliveries.append(Delivery(sink: list.payload, payload: writer.written))
        }
    }
}
