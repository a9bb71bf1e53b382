import HTTPTypes
import Synchronization

/// Which methods each path has, so that the others are refused with 405 rather than 404.
final class KnownPaths: Sendable {
    private struct Entry {
        /// Nil stands for any part.
        var parts: [Substring?]
        var methods: Set<HTTPRequest.Method>
    }

    private let entries = Mutex<[String: Entry]>([:])

    /// `path` as a route describes itself: `/api/v1/cluster/workers/{id}`.
    func add(_ path: String, _ method: HTTPRequest.Method) {
        self.entries.withLock { entries in
            let parts = path.split(separator: "/").map { $0.hasPrefix("{") ? nil : $0 }
            _ = entries[path, default: Entry(parts: parts, methods: [])].methods.insert(method)
        }
    }

    /// What can be asked for, each with its methods.
    var all: [String: Set<HTTPRequest.Method>] { self.entries.withLock { $0.mapValues(\.methods) } }

    /// The methods of a request's path, as the `Allow` field has them. Nil if there is no such path.
    func allowed(_ path: String) -> String? {
        let parts = path.split(separator: "/")
        let found = self.entries.withLock { entries in
            let matching = entries.values.filter { entry in
                entry.parts.count == parts.count && zip(entry.parts, parts).allSatisfy { $0 == nil || $0 == $1 }
            }
            return matching.reduce(into: Set<HTTPRequest.Method>()) { $0.formUnion($1.methods) }
        }
        guard !found.isEmpty else { return nil }
        // The router answers HEAD wherever there is GET.
        let methods = found.contains(.get) ? found.union([.head]) : found
        return methods.map(\.rawValue).sorted().joined(separator: ", ")
    }
}
