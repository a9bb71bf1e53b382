import Foundation

/// The standard streams, written to at once.
enum StandardStream {
    case output
    case error

    var isTerminal: Bool { isatty(self.handle.fileDescriptor) == 1 }

    func write(_ text: String) { self.write(Array(text.utf8)) }

    /// A stream that nobody reads any more ends the process by its signal; other failures have nowhere to be reported.
    func write(_ bytes: [UInt8]) { self.handle.write(Data(bytes)) }

    private var handle: FileHandle {
        switch self {
        case .output: .standardOutput
        case .error: .standardError
        }
    }
}
