import Engine
import Synchronization

/// Shows the events of a pipeline's output to whoever listens. It costs nothing while nobody does, and never holds the
/// engine up: a listener that is slow misses the oldest events, and is told how many.
final class OutputFeed: Sendable {
    private struct Contents {
        var nextID: UInt64 = 0
        var readers: [UInt64: OutputReader.Way] = [:]
        var isFinished = false
    }

    private let contents = Mutex(Contents())
    private let readerCount = Atomic(0)

    /// How many listeners a pipeline has at most.
    static let readersMax = 256

    var hasReaders: Bool { self.readerCount.load(ordering: .relaxed) > 0 }

    /// Shows events to the listeners; called on the engine's thread.
    func publish(_ events: [Event]) {
        guard self.hasReaders else { return }
        let ways = self.contents.withLock { Array($0.readers.values) }
        // No listener could hold more than that.
        let shown = events.suffix(OutputReader.eventsMax)
        let skipped = events.count - shown.count
        let texts = shown.map(Self.text)
        for way in ways {
            way.skip(UInt64(skipped))
            for text in texts { way.give(.event(text)) }
        }
    }

    /// Nil when the pipeline has as many listeners as it may.
    func listen() -> OutputReader? {
        let (reader, way) = self.contents.withLock { contents -> (OutputReader?, OutputReader.Way?) in
            guard contents.readers.count < Self.readersMax else { return (nil, nil) }
            let id = contents.nextID
            contents.nextID += 1
            let reader = OutputReader { [weak self] in self?.remove(id) }
            if contents.isFinished { return (reader, reader.way) }
            contents.readers[id] = reader.way
            self.readerCount.store(contents.readers.count, ordering: .relaxed)
            return (reader, nil)
        }
        way?.finish()
        return reader
    }

    /// Nothing comes any more.
    func finish() {
        let ways = self.contents.withLock { contents in
            contents.isFinished = true
            return Array(contents.readers.values)
        }
        for way in ways { way.finish() }
    }

    private func remove(_ id: UInt64) {
        self.contents.withLock { contents in
            contents.readers[id] = nil
            self.readerCount.store(contents.readers.count, ordering: .relaxed)
        }
    }

    /// `{"event_type":…,"timestamp":…,"data":{…}}`, the time with an offset as clients know it.
    private static func text(_ event: Event) -> [UInt8] {
        let time = Timestamp.rfc3339(event.timestamp).replacing("Z", with: "+00:00")
        return Array(#"{"event_type":"#.utf8) + EventEncoder.json(.string(event.type))
            + Array(#","timestamp":"\#(time)","data":"#.utf8) + EventEncoder.json(.map(event.fields))
            + Array("}".utf8)
    }
}

/// What a listener hears. Dropping it ends the listening.
final class OutputReader: Sendable {
    enum Item {
        /// An event as JSON.
        case event([UInt8])
        /// Nothing has come for a while.
        case silence
    }

    /// The end that the pipeline holds.
    struct Way: Sendable {
        fileprivate let continuation: AsyncStream<Item>.Continuation
        fileprivate let skipped: Skipped

        func give(_ item: Item) {
            if case .dropped(.event) = self.continuation.yield(item) { self.skip(1) }
        }

        func skip(_ count: UInt64) { self.skipped.count.add(count, ordering: .relaxed) }

        func finish() { self.continuation.finish() }
    }

    fileprivate final class Skipped: Sendable {
        let count = Atomic<UInt64>(0)
    }

    static let eventsMax = 256

    let items: AsyncStream<Item>
    let way: Way
    private let onEnd: @Sendable () -> Void

    init(onEnd: @escaping @Sendable () -> Void) {
        let (items, continuation) = AsyncStream.makeStream(
            of: Item.self,
            bufferingPolicy: .bufferingNewest(Self.eventsMax)
        )
        self.items = items
        self.way = Way(continuation: continuation, skipped: Skipped())
        self.onEnd = onEnd
    }

    deinit { self.onEnd() }

    /// How many events were missed since this was last asked.
    func takeSkipped() -> UInt64 { self.way.skipped.count.exchange(0, ordering: .relaxed) }
}
