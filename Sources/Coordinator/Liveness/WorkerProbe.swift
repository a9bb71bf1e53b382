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
    static let timeout = TimeAmount.milliseconds(500)

    static func findsNobody(at address: String) async -> Bool {
        guard let address = try? PeerAddress(address) else { return false }  // behind a path, others may listen
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(Self.timeout)
                .connect(host: address.resolvableHost, port: Int(address.port))
                .get()
            channel.close(promise: nil)
            return false
        } catch let error as NIOConnectionError {
            return error.dnsAError == nil && error.dnsAAAAError == nil && !error.connectionErrors.isEmpty
                && error.connectionErrors.allSatisfy { ($0.error as? IOError)?.errnoCode == ECONNREFUSED }
        } catch {
            return (error as? IOError)?.errnoCode == ECONNREFUSED
        }
    }
}
