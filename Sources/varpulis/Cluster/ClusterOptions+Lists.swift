import ArgumentParser
import ClusterAPI
import Coordinator

extension ClusterOptions {
    /// Groups have their programs with them, and an answer has a largest size: fewer of them make a page.
    private static let groupsPerPage = 100

    /// All of a list, page after page.
    ///
    /// - Parameter isStale: whether the asked coordinator's own state will do.
    func all<Item: Listed>(
        _ path: String,
        limit: Int = PageRequest.limitMax,
        isStale: Bool = false
    ) async throws -> [Item] {
        var items: [Item] = []
        while true {
            let query = "?limit=\(limit)&offset=\(items.count)" + (isStale ? "&consistency=stale" : "")
            let page: Page<Item> = try await self.ask(.get, path + query, below: ClusterCommand.path)
            items += page.items
            guard page.pagination.hasMore, !page.items.isEmpty else { return items }
        }
    }

    func groups(isStale: Bool = false) async throws -> [PipelineGroupInfo] {
        try await self.all("/pipeline-groups", limit: Self.groupsPerPage, isStale: isStale)
    }

    /// The group of that name, or else of that id.
    func group(_ name: String) async throws -> PipelineGroupInfo {
        let groups = try await self.groups()
        guard let group = groups.first(where: { $0.name == name }) ?? groups.first(where: { $0.id == name }) else {
            throw UnknownGroup(name: name)
        }
        return group
    }

    /// Shows what has become of a group. What goes on without us is no failure, but scripts must be able to tell.
    func show(changed group: PipelineGroupInfo) throws {
        try self.show(group, group.text)
        if group.placements.contains(where: { $0.status == .failed }) { throw ExitCode.failure }
        if !group.runs || group.update?.phase == .updating { throw ExitCode.temporaryFailure }
    }
}

/// Nothing that runs is called so.
struct UnknownGroup: Error, CustomStringConvertible {
    let name: String
    var description: String { "There is no pipeline group named \(self.name), and none with this id." }
}
