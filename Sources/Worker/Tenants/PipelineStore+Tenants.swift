import ClusterAPI
import Foundation

extension PipelineStore {
    private static let tenantsName = "tenants.json"

    func save(tenants: [TenantRecord]) throws(StateDirectoryError) {
        do {
            try self.write(try APIJSON.encode(tenants), as: Self.tenantsName)
        } catch let error as StateDirectoryError {
            throw error
        } catch {
            throw StateDirectoryError(description: "The tenants cannot be written as JSON: \(error)")
        }
    }

    /// The tenants of earlier runs. A file that cannot be read ends the start: without it, their pipelines would be
    /// taken for those of nobody.
    func loadTenants() throws(StateDirectoryError) -> [TenantRecord] {
        let file = "\(self.path)/\(Self.tenantsName)"
        guard FileManager.default.fileExists(atPath: file) else { return [] }
        guard let content = FileManager.default.contents(atPath: file) else {
            throw StateDirectoryError(description: "Cannot read \(file).")
        }
        do throws(BodyError) {
            return try APIJSON.decode([TenantRecord].self, from: content)
        } catch {
            throw StateDirectoryError(description: "\(file) does not hold tenants: \(error.message).")
        }
    }
}
