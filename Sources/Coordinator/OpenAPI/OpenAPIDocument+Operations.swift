import ClusterAPI
import HTTPTypes

extension OpenAPIDocument {
    private static let prefix = "/\(Routes.prefix)"

    static let probes = [
        Operation(.get, "/", "A page that shows the cluster").answers(200, "Text", type: "text/html"),
        Operation(.get, "/health", "How the workers are, taken together").answers(200, "Health"),
        Operation(.get, "/ready", "Whether a request that is sent here finds a leader")
            .answers(200, "Readiness").answers(503, "Readiness"),
        Operation(.get, "/metrics", "This member's numbers, for Prometheus")
            .answers(200, "Text", type: "text/plain"),
        Operation(.get, "/openapi.json", "This document").answers(200, "Object"),
        Operation(.get, "\(prefix)/prometheus", "The leader's numbers, for Prometheus").led
            .answers(200, "Text", type: "text/plain"),
    ]

    static let workers = [
        Operation(.post, "\(prefix)/workers/register", "A worker presents itself", .operator).led.named
            .takes("Registration").answers(201, "Registered"),
        Operation(.post, "\(prefix)/workers/{id}/heartbeat", "A worker says how it is", .operator).led
            .takes("Heartbeat").answers(200, "Acknowledged").refuses(404),
        Operation(.get, "\(prefix)/workers", "The workers", .viewer).led
            .query("Limit", "Offset", "Consistency", "MinIndex").answers(200, "WorkerPage"),
        Operation(.get, "\(prefix)/workers/{id}", "One worker", .viewer).led
            .query("Consistency", "MinIndex").answers(200, "Worker").refuses(404),
        Operation(.delete, "\(prefix)/workers/{id}", "A worker is gone for good", .admin).led.named
            .answers(200, "Deleted").refuses(404),
    ]

    static let groups = [
        Operation(.post, "\(prefix)/pipeline-groups", "Have a group of pipelines run", .operator).led.named
            .query("Wait", "Atomic").takes("GroupSpec", example: Self.groupExample).answers(201, "Group"),
        Operation(.get, "\(prefix)/pipeline-groups", "The groups", .viewer).led
            .query("Limit", "Offset", "Consistency", "MinIndex").answers(200, "GroupPage"),
        Operation(.get, "\(prefix)/pipeline-groups/{id}", "One group", .viewer).led
            .query("Consistency", "MinIndex").answers(200, "Group").refuses(404),
        Operation(.put, "\(prefix)/pipeline-groups/{id}", "Have a group run otherwise", .operator).led.named
            .query("Wait").takes("GroupSpec", example: Self.groupExample).answers(200, "Group").refuses(404),
        Operation(.post, "\(prefix)/pipeline-groups/{id}/rollback", "Take an update back", .operator).led.named
            .query("Wait").answers(200, "Group").refuses(404),
        Operation(.delete, "\(prefix)/pipeline-groups/{id}", "Have a group run no more", .admin).led.named
            .answers(200, "TornDown").refuses(404),
        Operation(.post, "\(prefix)/pipeline-groups/{id}/inject", "Send an event", .operator).led.named
            .takes("Event").answers(200, "Injected").refuses(404),
        Operation(.post, "\(prefix)/pipeline-groups/{id}/inject-batch", "Send many events", .operator).led.named
            .takes("EventBatch").answers(200, "BatchInjected").refuses(404),
        Operation(.post, "\(prefix)/validate", "What is wrong with a program", .viewer)
            .takes("Program").answers(200, "Findings"),
    ]

    static let keys = [
        Operation(.post, "\(prefix)/keys", "Create a key; the answer is the only one that has it", .admin).led.named
            .takes("KeyWish").answers(201, "Key"),
        Operation(.get, "\(prefix)/keys", "The keys, without themselves", .admin).led
            .query("Limit", "Offset", "Consistency", "MinIndex").answers(200, "KeyPage"),
        Operation(.delete, "\(prefix)/keys/{id}", "Revoke a key", .admin).led.named
            .answers(200, "Deleted").refuses(404),
    ]

    static let migrations = [
        Operation(.post, "\(prefix)/workers/{id}/drain", "Have a worker emptied", .operator).led.named
            .takes("DrainWish", isRequired: false).answers(200, "Drained").refuses(404),
        Operation(.delete, "\(prefix)/workers/{id}/drain", "Give a worker pipelines again", .operator).led.named
            .answers(200, "Worker").refuses(404),
        Operation(.post, "\(prefix)/rebalance", "Have pipelines spread evenly", .operator).led.named
            .answers(200, "Rebalanced"),
        Operation(.get, "\(prefix)/placements/{group}/{pipeline}", "Whose a pipeline is", .operator).led
            .query("Consistency", "MinIndex").answers(200, "Assignment").refuses(404),
        Operation(.post, "\(prefix)/pipelines/{group}/{pipeline}/migrate", "Move a pipeline", .operator).led.named
            .takes("MigrationWish").answers(202, "MigrationStarted").refuses(404),
        Operation(.get, "\(prefix)/migrations", "Moves of pipelines, under way and of late", .viewer).led
            .query("Limit", "Offset", "Consistency", "MinIndex").answers(200, "MigrationPage"),
        Operation(.get, "\(prefix)/migrations/{id}", "One move", .viewer).led
            .query("Consistency", "MinIndex").answers(200, "Migration").refuses(404),
        Operation(.delete, "\(prefix)/migrations/{id}", "Call a move off", .operator).led.named
            .answers(200, "Migration").refuses(404),
    ]

    private static let groupExample: JSONValue = [
        "name": "example",
        "pipelines": [["name": "hot", "source": "stream Hot = Reading\n    .where(temperature > 50)", "replicas": 1]],
        "routes": [["from_pipeline": "_external", "to_pipeline": "hot", "event_types": ["Reading"]]],
    ]

    static let connectors = [
        Operation(.get, "\(prefix)/connectors", "The connectors, without their secrets", .viewer).led
            .query("Limit", "Offset", "Consistency", "MinIndex").answers(200, "ConnectorPage"),
        Operation(.post, "\(prefix)/connectors", "Create a connector", .operator).led.named
            .takes("Connector", example: Self.connectorExample).answers(201, "Connector"),
        Operation(.get, "\(prefix)/connectors/{name}", "One connector, without its secrets", .viewer).led
            .query("Consistency", "MinIndex").answers(200, "Connector").refuses(404),
        Operation(.put, "\(prefix)/connectors/{name}", "Change a connector", .operator).led.named
            .takes("Connector", example: Self.connectorExample).answers(200, "Connector").refuses(404),
        Operation(.delete, "\(prefix)/connectors/{name}", "Delete a connector", .admin).led.named
            .answers(200, "Deleted").refuses(404),
    ]

    private static let connectorExample: JSONValue = [
        "name": "broker", "connector_type": "mqtt", "params": ["host": "localhost", "port": "1883"],
    ]

    static let observation = [
        Operation(.get, "\(prefix)/topology", "What runs where", .viewer).led
            .query("Consistency", "MinIndex").answers(200, "Topology"),
        Operation(.get, "\(prefix)/metrics", "What the workers said last of their pipelines", .viewer).led
            .answers(200, "PipelineMetrics"),
        Operation(.get, "\(prefix)/summary", "The cluster in a few numbers", .viewer).led
            .query("Consistency", "MinIndex").answers(200, "Summary"),
        Operation(.get, "\(prefix)/scaling", "Whether there should be more workers, or fewer", .viewer).led
            .query("Consistency", "MinIndex").answers(200, "ScalingAdvice"),
        Operation(.get, "\(prefix)/raft", "The members, as this one sees them").answers(200, "RaftStatus"),
        Operation(.get, "/raft/metrics", "This member's view of consensus").answers(200, "RaftMetrics").refuses(404),
    ]

    static let members =
        [
            Operation(.get, "\(prefix)/raft/members", "The members, as their leader sees them", .viewer).led
                .answers(200, "Members").refuses(404),
            Operation(.post, "\(prefix)/raft/members", "Take a member in", .admin).led.named
                .takes("NewMember").answers(201, "MemberChange").refuses(404),
            Operation(.delete, "\(prefix)/raft/members/{id}", "Remove a member", .admin).led.named
                .answers(200, "MemberChange").answers(202, "MemberChange").refuses(404),
            Operation(.post, "\(prefix)/raft/members/{id}/promote", "Have a learner vote", .admin).led.named
                .answers(200, "MemberChange").answers(202, "MemberChange").refuses(404),
            Operation(.post, "\(prefix)/raft/members/{id}/replace", "Replace a voter whose disk is lost", .admin)
                .led.named.takes("Replacement", isRequired: false).answers(201, "MemberChange").refuses(404),
            Operation(.post, "\(prefix)/raft/transfer", "Have another member lead", .admin).led.named
                .takes("Transfer", isRequired: false).answers(200, "Leader").refuses(404),
            Operation(.post, "/raft/init", "Nothing: a cluster begins by itself", .admin).refuses(409),
            Operation(.post, "/raft/add-learner", "Take a member in that does not vote", .admin).led.named
                .takes("NewLearner").answers(200, "MembershipCall").refuses(404),
            Operation(.post, "/raft/change-membership", "Change who votes", .admin).led.named
                .takes("NewVoters").answers(200, "MembershipCall").refuses(404),
        ]
        + ["vote", "append", "snapshot"].map {
            Operation(.post, "/raft/\($0)", "Nothing: members speak frames").refuses(426)
        }

    static let unimplemented = [
        Operation(.get, "\(prefix)/models", "Not done", .viewer).refuses(501),
        Operation(.post, "\(prefix)/models", "Not done", .operator).refuses(501),
        Operation(.delete, "\(prefix)/models/{name}", "Not done", .admin).refuses(501),
        Operation(.get, "\(prefix)/models/{name}/download", "Not done", .viewer).refuses(501),
        Operation(.post, "\(prefix)/chat", "Not done", .viewer).refuses(501),
        Operation(.get, "\(prefix)/chat/config", "Not done", .viewer).refuses(501),
        Operation(.put, "\(prefix)/chat/config", "Not done", .operator).refuses(501),
    ]
}
