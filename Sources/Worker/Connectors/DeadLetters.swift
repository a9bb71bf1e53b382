import ClusterAPI
import Foundation
import Glibc
import Synchronization

/// The worker's file of events that could not be delivered, as JSON lines. When it is full it becomes `NAME.1`, in the place
/// of the one that was full before, so that it never takes more than twice its size.
final class DeadLetters: Sendable {
    private let path: String
    private let bytesMax: Int

    private struct File {
        var descriptor: CInt = -1
        var bytes = 0
    }

    private let file = Mutex(File())

    init(path: String, bytesMax: Int = 64 << 20) {
        self.path = path
        self.bytesMax = bytesMax
    }

    deinit {
        self.file.withLock { file in
            if file.descriptor >= 0 { close(file.descriptor) }
        }
    }

    /// Appends one line; `event` is JSON. Returns why it could not, nil when it could.
    func write(connector: String, sink: String, error: String, event: [UInt8]) -> String? {
        let fields = [
            ("timestamp", Date.now.ISO8601Format()), ("connector", connector), ("sink", sink), ("error", error),
        ]
        var line: [UInt8] = [UInt8(ascii: "{")]
        for (name, text) in fields {
            guard let value = try? APIJSON.encode(text) else { return "cannot write \(name) as JSON" }  // no text fails
            line += Array("\"\(name)\":".utf8) + value + Array(",".utf8)
        }
        line += Array("\"event\":".utf8) + event + Array("}\n".utf8)
        return self.file.withLock { file in
            if file.descriptor >= 0, file.bytes + line.count > self.bytesMax {
                close(file.descriptor)
                file.descriptor = -1
                guard rename(self.path, self.path + ".1") == 0 else { return String(cString: strerror(errno)) }
            }
            if file.descriptor < 0 {
                file.descriptor = open(self.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
                guard file.descriptor >= 0 else { return String(cString: strerror(errno)) }
                file.bytes = Int(lseek(file.descriptor, 0, SEEK_END))
            }
            file.bytes += line.count
            return StandardWrite.all(line, to: file.descriptor)
        }
    }
}
