import ClusterAPI
import Foundation
import Glibc
import Logging

/// Why the state directory cannot be used.
struct StateDirectoryError: Error, CustomStringConvertible {
    let description: String
}

/// The state directory: one small JSON file per pipeline, one of all tenants, and the worker's id.
///
/// A file appears whole or not at all: it is written beside its place, synced, renamed, and the directory is synced. As
/// programs and connectors may hold passwords, only the owner can read it. One process at a time uses a directory.
final class PipelineStore: Sendable {
    let path: String
    private let lock: CInt
    private static let suffix = ".pipeline.json"
    private static let workerIDName = "worker-id"

    init(_ path: String) throws(StateDirectoryError) {
        self.path = path
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw Self.error("create", path) }
        self.lock = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard self.lock >= 0 else { throw Self.error("open", "\(path)/lock") }
        guard flock(self.lock, LOCK_EX | LOCK_NB) == 0 else {
            close(self.lock)
            throw StateDirectoryError(description: "The state directory \(path) is in use by another process.")
        }
    }

    deinit {
        close(self.lock)
    }

    // MARK: - Pipelines

    func save(_ spec: PipelineSpec) throws(StateDirectoryError) {
        do {
            try self.write(try APIJSON.encode(spec), as: spec.id + Self.suffix)
        } catch let error as StateDirectoryError {
            throw error
        } catch {
            throw StateDirectoryError(description: "The pipeline \(spec.id) cannot be written as JSON: \(error)")
        }
    }

    func remove(_ id: String) throws(StateDirectoryError) {
        let file = "\(self.path)/\(id)\(Self.suffix)"
        guard unlink(file) == 0 || errno == ENOENT else { throw Self.error("remove", file) }
        try self.syncDirectory()
    }

    /// All pipelines in the order of their ids. A file that cannot be read stays where it is, and is told of in the log.
    func load(_ logger: Logger) throws(StateDirectoryError) -> [PipelineSpec] {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: self.path) } catch {
            throw StateDirectoryError(description: "The state directory \(self.path) cannot be read: \(error)")
        }
        var specs: [PipelineSpec] = []
        for name in names.sorted() where name.hasSuffix(Self.suffix) {
            guard let content = FileManager.default.contents(atPath: "\(self.path)/\(name)") else {
                logger.error("pipeline not restored", metadata: ["file": "\(name)", "reason": "unreadable"])
                continue
            }
            do throws(BodyError) {
                specs.append(try APIJSON.decode(PipelineSpec.self, from: content))
            } catch {
                logger.error("pipeline not restored", metadata: ["file": "\(name)", "reason": "\(error.message)"])
            }
        }
        return specs
    }

    // MARK: - Worker

    /// The id that an earlier run had; nil for the first.
    func workerID() -> String? {
        guard let content = FileManager.default.contents(atPath: "\(self.path)/\(Self.workerIDName)") else {
            return nil
        }
        let id = String(decoding: content, as: UTF8.self)
        return Identifier.isValid(id) ? id : nil
    }

    func save(workerID: String) throws(StateDirectoryError) {
        try self.write(Array(workerID.utf8), as: Self.workerIDName)
    }

    // MARK: - Files

    func write(_ bytes: [UInt8], as name: String) throws(StateDirectoryError) {
        let file = "\(self.path)/\(name)"
        let draft = "\(file).new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.error("open", draft) }
        let failure = StandardWrite.all(bytes, to: descriptor)
        let isSynced = failure == nil && fsync(descriptor) == 0
        close(descriptor)
        guard isSynced else {
            unlink(draft)
            throw StateDirectoryError(description: "Cannot write \(draft): \(failure ?? "it does not reach the disk").")
        }
        guard rename(draft, file) == 0 else { throw Self.error("rename", draft) }
        try self.syncDirectory()
    }

    private func syncDirectory() throws(StateDirectoryError) {
        let descriptor = open(self.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.error("open", self.path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.error("sync", self.path) }
    }

    private static func error(_ doing: String, _ path: String) -> StateDirectoryError {
        StateDirectoryError(description: "Cannot \(doing) \(path): \(String(cString: strerror(errno))).")
    }
}
