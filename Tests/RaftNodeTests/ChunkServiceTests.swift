import NIOCore
import RaftCore
import Synchronization
import Testing

@testable import Raft
@testable import RaftStorage

@Suite("Chunks for other members")
struct ChunkServiceTests {
    private static let id = Snapshot.ID(
        position: LogPosition(index: LogIndex(9), term: Term(2)),
        digest: [UInt8](repeating: 1, count: 32)
    )

    @Test("a chunk that can't be read is answered with nothing, and told of once however often it is asked for")
    func damaged() {
        let capture = LogCapture()
        let service = ChunkService(logger: capture.logger) { number, _, done in
            switch number {
            case 0: done(.success([1, 2, 3]))
            case 1: done(.success(nil))
            default: done(.failure(StorageError(.damagedSnapshot, "Chunk \(number) is damaged.")))
            }
        }
        let answers = Mutex<[ByteBuffer]>([])
        for number: UInt32 in [0, 1, 7, 7, 7] {
            service.serve(number, of: Self.id) { answer in answers.withLock { $0.append(answer) } }
        }
        let empty = ByteBuffer()
        #expect(answers.withLock { $0 } == [ByteBuffer(bytes: [1, 2, 3]), empty, empty, empty, empty])
        #expect(service.sent == 1)
        #expect(capture.lines.count == 1)
        let line = capture.lines.first ?? ""
        #expect(line.contains("can't be read") && line.contains("chunk=7") && line.contains("Chunk 7 is damaged."))
    }
}
