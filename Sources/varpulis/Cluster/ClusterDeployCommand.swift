import ArgumentParser
import ClusterAPI
import Coordinator
import Foundation

struct ClusterDeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy",
        abstract: "Run programs in a cluster, as one group.",
        discussion: """
            Each program becomes a pipeline that is named after its file:

              varpulis cluster deploy -f hot.vpl -f cold.vpl --name greenhouse --replicas 2 --partition-by house

            What else a group may have (routes between its pipelines, wishes for their workers) is said in a .json file, \
            in the words of the API: {"name": …, "pipelines": [{"name": …, "source": …}], "routes": …}.

            All programs are checked first, and nothing is deployed if one has errors. Deploying again what runs already \
            changes nothing.

            Exit codes: 0 all of it runs, 1 refused (with the reason), or a pipeline failed, 2 wrong usage, 69 no \
            coordinator answers, 75 deployed, but not all of it runs yet, or nobody knows: look again.
            """
    )

    /// The longest that a coordinator waits for pipelines.
    private static let secondsMax = 60

    @Option(name: [.customShort("f"), .customLong("file")], help: "A program, or a group as JSON (.json).")
    var files: [String]
    @Option(name: [.short, .long], help: "What to call the group (default: as the JSON says, or as the first file).")
    var name: String?
    @Option(help: "How many copies of each program share its events.")
    var replicas: UInt32?
    @Option(help: ArgumentHelp("The field by whose value the copies share events.", valueName: "field"))
    var partitionBy: String?
    @Option(
        help: ArgumentHelp("How long to wait for all of it to run, 60 at most (default: 8).", valueName: "seconds")
    )
    var wait: Int?
    @Flag(help: "Withdraw the group if not all of it runs in that time.")
    var atomic = false
    @Flag(help: "Put this in the place of the group that has the name. What does not start is taken back.")
    var update = false
    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        if self.files.contains(where: Self.isGroup) {
            if self.files.count > 1 { throw ValidationError("A .json file is a whole group: it comes alone.") }
            if self.replicas != nil || self.partitionBy != nil {
                throw ValidationError("--replicas and --partition-by are for programs: a .json file says them itself.")
            }
        }
        if self.replicas == 0 { throw ValidationError("--replicas is at least 1.") }
        if let wait, !(0...Self.secondsMax).contains(wait) {
            throw ValidationError("--wait is 0 to \(Self.secondsMax) seconds.")
        }
        if self.update && self.atomic {
            throw ValidationError("--atomic is for new groups: of an update, what does not start is taken back anyway.")
        }
    }

    func run() async throws {
        let spec = try self.spec()
        var method = CoordinatorClient.Method.post
        var path = "/pipeline-groups"
        if self.update {
            let groups = try await self.cluster.groups()
            guard let group = groups.first(where: { $0.name == spec.name }) else {
                throw NothingToUpdate(name: spec.name)
            }
            method = .put
            path += "/\(group.id.asPathPart)"
        }
        let group: PipelineGroupInfo = try await self.cluster.ask(
            method,
            path + self.query,
            spec,
            below: ClusterCommand.path,
            patience: .seconds(self.wait ?? 0)
        )
        try self.cluster.show(changed: group)
    }

    private var query: String {
        var wishes: [String] = []
        if let wait { wishes.append("wait=\(wait)") }
        if self.atomic { wishes.append("atomic=true") }
        return wishes.isEmpty ? "" : "?" + wishes.joined(separator: "&")
    }

    /// What the files say.
    private func spec() throws -> PipelineGroupSpec {
        if let file = self.files.first, Self.isGroup(file) {
            var spec = try Self.group(in: file)
            spec.name = self.name ?? spec.name
            return spec
        }
        var pipelines: [PipelineSpec] = []
        for file in self.files {
            pipelines.append(
                PipelineSpec(
                    name: URL(filePath: file).deletingPathExtension().lastPathComponent,
                    source: try TextFile.read(file),
                    replicas: self.replicas ?? 1,
                    partitionKey: self.partitionBy
                )
            )
        }
        return PipelineGroupSpec(name: self.name ?? pipelines.first?.name ?? "", pipelines: pipelines)
    }

    private static func group(in file: String) throws -> PipelineGroupSpec {
        let text = try TextFile.read(file)
        do throws(BodyError) {
            return try APIJSON.decode(PipelineGroupSpec.self, from: text.utf8)
        } catch {
            throw FileFailure(description: "\(file): \(error.message)")
        }
    }

    private static func isGroup(_ file: String) -> Bool { URL(filePath: file).pathExtension.lowercased() == "json" }
}

/// What is to be replaced is not there.
struct NothingToUpdate: Error, CustomStringConvertible {
    let name: String
    var description: String { "There is no pipeline group named \(self.name). Without --update it is deployed anew." }
}
