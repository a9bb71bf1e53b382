import ClusterAPI
import Testing

/// Each body of the contract, spelled out with its keys sorted, must survive decoding and encoding byte for byte.
@Suite("Bodies of the HTTP API")
struct ContractTests {
    private func expectKept<Value: Codable & Equatable>(
        _ type: Value.Type,
        _ text: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let value = try APIJSON.decode(type, from: text.utf8)
        let encoded = String(decoding: try APIJSON.encode(value), as: UTF8.self)
        #expect(encoded == text, sourceLocation: sourceLocation)
        #expect(try APIJSON.decode(type, from: encoded.utf8) == value, sourceLocation: sourceLocation)
    }

    private func expectKept<Value: JSONBody & Equatable>(
        _ type: Value.Type,
        _ text: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let value = try APIJSON.decode(type, from: text.utf8)
        #expect(String(decoding: APIJSON.encode(value), as: UTF8.self) == text, sourceLocation: sourceLocation)
    }

    @Test("registration keeps its keys")
    func registration() throws {
        let capacity = #"{"cpu_cores":8,"max_pipelines":100,"pipelines_running":2}"#
        try self.expectKept(
            RegisterRequest.self,
            #"{"address":"http://w1:9000","api_key":"k","capacity":\#(capacity),"worker_id":"w1"}"#
        )
        try self.expectKept(
            RegisterRequest.self,
            #"{"address":"a","api_key":"k","capacity":\#(capacity),"incarnation":18446744073709551615,"worker_id":"w"}"#
        )
        try self.expectKept(RegisterResponse.self, #"{"status":"registered","worker_id":"w1"}"#)
        try self.expectKept(
            RegisterResponse.self,
            #"{"heartbeat_interval_secs":5,"status":"registered","worker_id":"w1"}"#
        )
    }

    @Test("a heartbeat keeps its keys, its inventory and the health of connectors")
    func heartbeat() throws {
        let health = #"""
            {"connected":false,"connector_name":"m","connector_type":"mqtt","last_error":"gone",\#
            "messages_received":7,"seconds_since_last_message":61}
            """#
        let metrics = #"{"connector_health":[\#(health)],"events_in":3,"events_out":1,"pipeline_name":"p"}"#
        let report = #"{"epoch":9,"group_id":"g","id":"x","name":"p#0","status":"running"}"#
        try self.expectKept(
            HeartbeatRequest.self,
            #"{"events_processed":3,"incarnation":4,"pipeline_metrics":[\#(metrics)],"pipelines":[\#(report)],"#
                + #""pipelines_running":1}"#
        )
        try self.expectKept(HeartbeatResponse.self, #"{"acknowledged":true}"#)
        try self.expectKept(HeartbeatResponse.self, #"{"acknowledged":true,"confirmed":false,"lease_ms":10000}"#)
    }

    @Test("a heartbeat without the newer fields is not one with an empty inventory")
    func bareHeartbeat() throws {
        let heartbeat: HeartbeatRequest = try APIJSON.decode(
            from: #"{"events_processed":0,"pipelines_running":0}"#.utf8
        )
        #expect(heartbeat.pipelineMetrics.isEmpty)
        #expect(heartbeat.pipelines == nil)
        #expect(heartbeat.incarnation == nil)
    }

    @Test("a worker keeps its keys")
    func workerInfo() throws {
        try self.expectKept(
            WorkerInfo.self,
            #"{"address":"http://w","assigned_pipelines":["p"],"cpu_cores":4,"events_processed":5,"id":"w","#
                + #""max_pipelines":100,"pipelines_running":1,"status":"draining"}"#
        )
    }

    @Test("what workers and coordinators say over sessions keeps its keys")
    func sessionMessages() throws {
        try self.expectKept(
            WorkerMessage.self,
            #"{"api_key":"k","incarnation":7,"type":"Identify","worker_id":"w"}"#
        )
        try self.expectKept(
            WorkerMessage.self,
            #"{"events_processed":1,"pipeline_metrics":[],"pipelines_running":0,"type":"Heartbeat"}"#
        )
        try self.expectKept(
            CoordinatorMessage.self,
            #"{"coordinators":["http://c"],"heartbeat_interval_ms":1500,"heartbeat_interval_secs":1,"#
                + #""lease_ms":3000,"type":"IdentifyAck"}"#
        )
        try self.expectKept(CoordinatorMessage.self, #"{"acknowledged":true,"confirmed":true,"type":"HeartbeatAck"}"#)
        try self.expectKept(
            CoordinatorMessage.self,
            #"{"acknowledged":true,"confirmed":true,"lease_ms":3000,"type":"HeartbeatAck"}"#
        )
        try self.expectKept(
            CoordinatorMessage.self,
            #"{"code":"worker_not_found","message":"m","type":"Error"}"#
        )
        // As coordinators of the old kind say it.
        let old = try APIJSON.decode(
            CoordinatorMessage.self,
            from: #"{"type":"IdentifyAck","heartbeat_interval_secs":5}"#.utf8
        )
        guard case .identifyAck(let terms) = old else {
            Issue.record("not understood")
            return
        }
        #expect(terms.heartbeatInterval == .seconds(5))
    }

    @Test("a group's spec keeps its keys")
    func groupSpec() throws {
        let pipeline =
            #"{"name":"p","partition_key":"user","replicas":2,"source":"stream A = B","worker_affinity":"w1"}"#
        let route = #"{"event_types":["A*","*"],"from_pipeline":"_external","mqtt_topic":"t/x","to_pipeline":"p"}"#
        try self.expectKept(
            PipelineGroupSpec.self,
            #"{"name":"g","pipelines":[\#(pipeline)],"routes":[\#(route)]}"#
        )
    }

    @Test("a group's spec has its defaults, and a NATS subject is a topic")
    func groupSpecDefaults() throws {
        let text = #"""
            {"name": "g", "unknown": 1, "pipelines": [{"name": "p", "source": "s"}, {"name": "q", "source": "s", \#
            "replicas": 0}], "routes": [{"from_pipeline": "p", "to_pipeline": "q", "event_types": ["*"], \#
            "nats_subject": "a.b"}]}
            """#
        let spec: PipelineGroupSpec = try APIJSON.decode(from: text.utf8)
        #expect(spec.pipelines.map(\.replicas) == [1, 1])
        #expect(spec.pipelines[0].workerAffinity == nil)
        #expect(spec.routes[0].mqttTopic == "a.b")
        let bare: PipelineGroupSpec = try APIJSON.decode(from: #"{"name":"g","pipelines":[]}"#.utf8)
        #expect(bare == PipelineGroupSpec(name: "g", pipelines: []))
    }

    @Test("a group keeps its keys, and its placements carry their epoch")
    func groupInfo() throws {
        let placement = #"""
            {"epoch":3,"pipeline_id":"x","pipeline_name":"p#1","status":"Running","worker_address":"http://w",\#
            "worker_id":"w"}
            """#
        try self.expectKept(
            PipelineGroupInfo.self,
            #"{"id":"i","name":"g","pipeline_count":1,"placements":[\#(placement)],"sources":{"p":"s"},"#
                + #""status":"partially_running"}"#
        )
    }

    @Test("topology keeps its keys")
    func topology() throws {
        try self.expectKept(
            Topology.self,
            #"{"groups":[{"group_id":"i","group_name":"g","pipelines":[{"name":"p","worker_address":"a","#
                + #""worker_id":"w"}],"routes":[{"event_types":["*"],"from_pipeline":"p","to_pipeline":"q"}]}],"#
                + #""routes":[{"route_type":"inter-pipeline","source_pipeline":"p","source_worker":"w","#
                + #""target_pipeline":"q","target_worker":"v"}],"#
                + #""workers":[{"address":"a","id":"w","pipeline_groups":["g"],"status":"ready"}]}"#
        )
    }

    @Test("a connector keeps its keys; parameter names are not touched")
    func connector() throws {
        try self.expectKept(
            Connector.self,
            #"{"connector_type":"mqtt","name":"m","params":{"clientId":"c","client_id_mode":"x","host":"h"}}"#
        )
        try self.expectKept(
            Connector.self,
            #"{"connector_type":"console","description":"d","name":"m","params":{}}"#
        )
    }

    @Test("injection keeps its keys, single and in batches")
    func injection() throws {
        try self.expectKept(EventBody.self, #"{"event_type":"T","fields":{"a":1}}"#)
        try self.expectKept(
            InjectResponse.self,
            #"{"routed_to":"p#0","worker_id":"w","worker_response":{"accepted":true,"output_events":"#
                + #"[{"event_type":"O","fields":{}}]}}"#
        )
        try self.expectKept(InjectBatchRequest.self, #"{"events_text":"T { a: 1 }"}"#)
        try self.expectKept(InjectBatchRequest.self, #"{"events":[{"event_type":"T","fields":{}}]}"#)
        try self.expectKept(
            InjectBatchResponse.self,
            #"{"errors":["Pipeline 'p': gone"],"events_failed":1,"events_sent":2,"output_events":"#
                + #"[{"event_type":"O","x":1}],"processing_time_us":12}"#
        )
        try self.expectKept(
            EventsBatchResponse.self,
            #"{"accepted":1,"output_events":[{"event_type":"O"}],"processing_time_us":1}"#
        )
        #expect(throws: BodyError(message: "missing field `events_text`")) {
            try APIJSON.decode(InjectBatchRequest.self, from: "{}".utf8)
        }
    }

    @Test("an event without fields has none")
    func bareEvent() throws {
        #expect(try APIJSON.decode(from: #"{"event_type":"T"}"#.utf8) == EventBody(eventType: "T"))
    }

    @Test("errors keep their keys and carry the extra ones only when there is something to say")
    func errors() throws {
        try self.expectKept(ErrorBody.self, #"{"code":"worker_not_found","error":"Worker not found: w"}"#)
        try self.expectKept(
            ErrorBody.self,
            #"{"code":"400","diagnostics":[{"column":2,"hint":"h","line":1,"message":"m","severity":"error"}],"#
                + #""error":"e"}"#
        )
        try self.expectKept(ErrorBody.self, #"{"code":"group_exists","error":"e","id":"i"}"#)
        #expect(ErrorCode.status(404).rawValue == "404")
        try self.expectKept(
            ValidateResponse.self,
            #"{"diagnostics":[{"column":1,"line":1,"message":"m","severity":"warning"}],"valid":true}"#
        )
    }

    @Test("health writes null for a sweep that never was")
    func health() throws {
        let counts = #"{"draining":0,"healthy":1,"total":2,"unhealthy":1}"#
        try self.expectKept(
            Health.self,
            #"{"active_migrations":0,"last_health_sweep":null,"pipeline_groups":1,"role":"coordinator","#
                + #""status":"degraded","total_events_processed":9,"version":"1","workers":\#(counts),"#
                + #""ws_connections":0}"#
        )
        try self.expectKept(Health.Sweep.self, #"{"workers_checked":3,"workers_marked_unhealthy":1}"#)
        try self.expectKept(Readiness.self, #"{"role":"coordinator","status":"ready"}"#)
    }

    @Test(
        "health sums the workers up",
        arguments: [
            (0, 0, 0, "no_workers"), (2, 2, 0, "healthy"), (2, 1, 1, "degraded"), (2, 0, 2, "critical"),
            (1, 0, 0, "healthy"),
        ]
    )
    func healthStatus(total: Int, healthy: Int, unhealthy: Int, status: String) {
        let counts = Health.WorkerCounts(total: total, healthy: healthy, unhealthy: unhealthy, draining: 0)
        #expect(Health.Status(counts).rawValue == status)
    }

    @Test("summary and metrics keep their keys")
    func summary() throws {
        try self.expectKept(
            Summary.self,
            #"{"active_pipeline_groups":1,"draining_workers":0,"events_per_second":0.5,"healthy_workers":1,"#
                + #""total_events_processed":9,"total_pipeline_groups":1,"total_workers":1,"unhealthy_workers":0}"#
        )
        try self.expectKept(
            ClusterMetrics.self,
            #"{"pipelines":[{"connector_health":[],"events_in":1,"events_out":2,"pipeline_name":"p","worker_id":"w"}]}"#
        )
    }

    @Test("consensus shows nulls where nothing is known")
    func raft() throws {
        try self.expectKept(
            RaftMetrics.self,
            #"{"current_leader":null,"current_term":2,"id":1,"last_applied":null,"last_log_index":null,"#
                + #""membership":"m","state":"Candidate"}"#
        )
        try self.expectKept(
            RaftMetrics.self,
            #"{"current_leader":1,"current_term":2,"id":1,"last_applied":{"index":5,"leader_id":{"node_id":1,"#
                + #""term":2}},"last_log_index":6,"membership":"m","state":"Leader"}"#
        )
        try self.expectKept(
            RaftStatus.self,
            #"{"commit_index":5,"enabled":true,"leader_id":1,"nodes":[{"address":"a","id":1,"is_current":true,"#
                + #""role":"leader"}],"term":2,"this_node_id":1}"#
        )
        #expect(
            String(decoding: try APIJSON.encode(RaftStatus.disabled), as: UTF8.self)
                == #"{"commit_index":0,"enabled":false,"leader_id":null,"nodes":[],"term":0,"this_node_id":0}"#
        )
    }

    @Test("a worker's deploy takes what a person sends and what a coordinator sends")
    func workerDeploy() throws {
        try self.expectKept(DeployPipelineRequest.self, #"{"name":"p","source":"s"}"#)
        try self.expectKept(
            DeployPipelineRequest.self,
            #"{"connectors":[{"connector_type":"console","name":"c","params":{}}],"epoch":4,"group_id":"g","#
                + #""id":"x","name":"p#0","source":"s"}"#
        )
        try self.expectKept(DeployPipelineResponse.self, #"{"id":"x","name":"p","status":"running"}"#)
        try self.expectKept(
            PipelineInfo.self,
            #"{"id":"x","name":"p","source":"s","status":"error: it broke","uptime_secs":3}"#
        )
        #expect(PipelineStatus(rawValue: "error: it broke").errorMessage == "it broke")
        #expect(PipelineStatus.running.errorMessage == nil)
        #expect(PipelineStatus.error("x").rawValue == "error: x")
    }

    @Test("acknowledgements keep their keys")
    func acknowledgements() throws {
        try self.expectKept(DeletedResponse.self, #"{"deleted":true}"#)
        try self.expectKept(TornDownResponse.self, #"{"torn_down":true}"#)
        try self.expectKept(ReloadPipelineResponse.self, #"{"reloaded":true}"#)
    }
}
