import Testing

@testable import ClusterAPI

@Suite struct EventTypePatternsTests {
    @Test(arguments: [
        (["A"], "A", true), (["A"], "AB", false), (["A*"], "A", true), (["A*"], "AB", true), (["A*"], "BA", false),
        (["*"], "", true), (["*"], "Any", true), ([], "A", false), (["X", "B*"], "Bc", true), (["a*b"], "axb", false),
    ])
    func `exact types, prefixes and all`(patterns: [String], type: String, fits: Bool) {
        #expect(EventTypePatterns(patterns).match(type) == fits)
    }

    @Test func `one pattern for all makes the others idle`() {
        var patterns = EventTypePatterns(["A*", "B"])
        #expect(!patterns.fitAll)
        patterns.add(["*"])
        #expect(patterns.fitAll)
        #expect(patterns.match("C"))
    }
}

@Suite struct ReplicaHashTests {
    /// Values that must never change: sessions at brokers hold events for the replicas that they choose.
    @Test(arguments: [("alpha", 1, 2), ("beta", 1, 2), ("gamma", 0, 1), ("delta", 0, 0)])
    func `keys have their replicas for ever`(key: String, ofTwo: Int, ofThree: Int) {
        #expect(ReplicaHash.replica(for: .string(key), of: 2) == ofTwo)
        #expect(ReplicaHash.replica(for: .string(key), of: 3) == ofThree)
    }

    @Test(arguments: [2, 3, 4, 7, 16])
    func `keys are shared out evenly`(count: Int) {
        var byReplica = [Int](repeating: 0, count: count)
        for number in 0..<8000 {
            byReplica[ReplicaHash.replica(for: .string("key-\(number)"), of: count)] += 1
            byReplica[ReplicaHash.replica(for: .integer(Int64(number)), of: count)] += 1
        }
        let mean = 16_000 / count
        #expect(byReplica.allSatisfy { abs($0 - mean) < mean / 5 })
    }

    @Test func `an event without the key belongs to the first replica`() {
        #expect(ReplicaHash.replica(for: nil, of: 5) == 0)
    }
}

@Suite struct RouteFaultTests {
    private static func request(
        outputs: [RouteOutput]? = nil,
        inputs: [RouteInput]? = nil,
        replica: ReplicaShare? = nil
    ) -> DeployPipelineRequest {
        DeployPipelineRequest(
            name: "p",
            source: "",
            groupID: "g",
            outputs: outputs,
            inputs: inputs,
            replica: replica
        )
    }

    @Test func `a request without routes is as it was, and one with them comes through JSON`() throws {
        let old: DeployPipelineRequest = try APIJSON.decode(from: #"{"name":"p","source":"s"}"#.utf8)
        #expect(old.outputs == nil && old.inputs == nil && old.replica == nil && old.routeFault == nil)
        let request = Self.request(
            outputs: [
                RouteOutput(topic: "t", eventTypes: ["A*"], peer: "q", peerReplicas: .init(count: 3, partitionKey: "k"))
            ],
            inputs: [RouteInput(topic: "u", eventTypes: ["*"], connector: "M", peer: "r")],
            replica: ReplicaShare(index: 1, count: 2)
        )
        #expect(try APIJSON.decode(DeployPipelineRequest.self, from: APIJSON.encode(request)) == request)
        #expect(request.routeFault == nil)
    }

    @Test func `what cannot be carried out is told`() {
        let route = RouteOutput(topic: "t", eventTypes: ["A"], peer: "q")
        var lone = Self.request(outputs: [route])
        lone.groupID = nil
        #expect(lone.routeFault?.contains("group_id") == true)
        let many = [RouteOutput](repeating: route, count: DeployPipelineRequest.routesMax + 1)
        #expect(Self.request(outputs: many).routeFault?.contains("at most") == true)
        let none = RouteInput(topic: "t", eventTypes: [], peer: "q")
        #expect(Self.request(inputs: [none]).routeFault?.contains("event_types") == true)
        let long = RouteInput(topic: String(repeating: "t", count: 1025), eventTypes: ["A"], peer: "q")
        #expect(Self.request(inputs: [long]).routeFault?.contains("bytes") == true)
        #expect(Self.request(replica: ReplicaShare(index: 2, count: 2)).routeFault?.contains("below") == true)
        #expect(Self.request(replica: ReplicaShare(index: 0, count: 1001)).routeFault?.contains("count") == true)
        #expect(
            Self.request(replica: ReplicaShare(index: 0, count: 1, partitionKey: "")).routeFault?.contains("key")
                == true
        )
        var rule = route
        rule.peerReplicas = ReplicaRule(count: 0)
        #expect(Self.request(outputs: [rule]).routeFault?.contains("peer_replicas") == true)
    }
}
