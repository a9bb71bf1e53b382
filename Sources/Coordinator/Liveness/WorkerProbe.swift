import NIOCore
import NIOPosix
import RaftCore

#if canImport(Glibc)
    import Glibc
#endif

/// Looks whether a worker's process is gone.
///
/// Only a refused connection shows that: nobody listens at the address any more. Where nothing answers, the worker may
/// be cut off, or stopped for a while, and may go on with what it does; and where a connection comes about, it lives.
enum WorkerProbe {
    enum Finding {
        /// The connection was refused.
        case nobody
        case somebody
        /// Nothing came back in time, or nobody knows the way.
        case silence
    }

    static let timeout = TimeAmount.milliseconds(500)

    static func look(at address: String) async -> Finding {
        guard let address = try? PeerAddress(address) else { return .silence }  // behind a path, others may listen
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(Self.timeout)
                .connect(host: address.resolvableHost, port: Int(address.port))
                .get()
            channel.close(promise: nil)
            return .somebody
        } catch let error as NIOConnectionError {
            let isRefused =
                error.dnsAError == nil && error.dnsAAAAError == nil && !error.connectionErrors.isEmpty
                && error.connectionErrors.allSatisfy { ($0.error as? IOError)?.errnoCode == ECONNREFUSED }
            return isRefused ? .nobody : .silence
        } catch {
            return (error as? IOError)?.errnoCode == ECONNREFUSED ? .nobody : .silence
        }
    }
}
