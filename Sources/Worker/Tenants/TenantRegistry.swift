import ClusterAPI
import Foundation
import HTTPTypes
import OpenSSL
import Synchronization

/// The tenants of this worker: who shows which key, and how they come and go.
///
/// Whoever asks for a key's tenant is answered at once; changes are written to the state directory first, on a queue of
/// their own, because writing blocks.
actor TenantRegistry {
    private struct Known {
        /// In the order in which they were created; the worker's own comes first.
        var tenants: [Tenant]
        var byKeyDigest: [String: Tenant] = [:]
    }

    private let store: PipelineStore?
    private var records: [TenantRecord]
    private let known: Mutex<Known>
    nonisolated let own: Tenant

    private let executor = SerialQueueExecutor(label: "tenants")
    nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.asUnownedSerialExecutor() }

    static let tenantsMax = 10_000

    /// - Parameter pipelinesMax: Of the whole worker, and so of its own tenant.
    init(store: PipelineStore?, pipelinesMax: Int) throws(StateDirectoryError) {
        self.store = store
        self.records = try store?.loadTenants() ?? []
        self.own = .own(pipelinesMax: pipelinesMax)
        var known = Known(tenants: [self.own])
        for record in self.records {
            let tenant = Tenant(id: record.id, name: record.name, quota: record.quota)
            known.tenants.append(tenant)
            known.byKeyDigest[record.keyDigest] = tenant
        }
        self.known = Mutex(known)
    }

    nonisolated var tenants: [Tenant] { self.known.withLock { $0.tenants } }

    nonisolated func tenant(_ id: String) -> Tenant? { self.tenants.first { $0.id == id } }

    /// Whose key it is, the worker's own aside.
    nonisolated func tenant(showing key: String) -> Tenant? {
        guard let digest = try? TenantKey.digest(key) else { return nil }  // without a digest nobody is let in
        return self.known.withLock { $0.byKeyDigest[digest] }
    }

    // MARK: - Changes

    func create(name: String, quota: TenantQuota) throws -> (tenant: Tenant, key: String) {
        guard !self.tenants.contains(where: { $0.name == name }) else {
            throw WorkerAPIError(.conflict, .alreadyExists, "There is a tenant of that name: \(name)")
        }
        guard self.records.count < Self.tenantsMax else {
            throw WorkerAPIError(.tooManyRequests, .quotaExceeded, "The worker has \(Self.tenantsMax) tenants")
        }
        let tenant = Tenant(id: UUID().uuidString.lowercased(), name: name, quota: quota)
        let key = try TenantKey.draw()
        let digest = try TenantKey.digest(key)
        let records =
            self.records + [TenantRecord(id: tenant.id, name: name, quota: quota, keyDigest: digest)]
        try self.store?.save(tenants: records)
        self.records = records
        self.known.withLock { known in
            known.tenants.append(tenant)
            known.byKeyDigest[digest] = tenant
        }
        return (tenant, key)
    }

    /// From here on its key opens nothing. Its pipelines are the caller's to end.
    func remove(_ id: String) throws -> Tenant {
        guard let tenant = self.tenant(id) else { throw WorkerAPIError.tenantNotFound(id) }
        guard tenant !== self.own else {
            throw WorkerAPIError(.conflict, "The tenant of the worker's own key stays as long as the worker")
        }
        let records = self.records.filter { $0.id != id }
        try self.store?.save(tenants: records)
        self.records = records
        self.known.withLock { known in
            known.tenants.removeAll { $0 === tenant }
            known.byKeyDigest = known.byKeyDigest.filter { $0.value !== tenant }
        }
        tenant.remove()
        return tenant
    }
}
