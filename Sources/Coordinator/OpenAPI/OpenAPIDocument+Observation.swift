import ClusterAPI

extension OpenAPIDocument {
    static let observationSchemas: [String: JSONValue] = [
        "Health": Schema.object([
            "status": Schema.oneOf("no_workers", "healthy", "degraded", "critical"), "role": Schema.text,
            "version": Schema.text,
            "workers": Schema.object([
                "total": Schema.count, "healthy": Schema.count, "unhealthy": Schema.count, "draining": Schema.count,
            ]),
            "pipeline_groups": Schema.count, "active_migrations": Schema.count,
            "total_events_processed": Schema.count,
            "last_health_sweep": Schema.orNull(
                Schema.object(["workers_checked": Schema.count, "workers_marked_unhealthy": Schema.count])
            ),
            "ws_connections": Schema.count,
        ]),
        "Readiness": Schema.object(["status": Schema.text, "role": Schema.text]),
        "Topology": Schema.object([
            "workers": Schema.list(
                Schema.object([
                    "id": Schema.text, "address": Schema.text, "status": Schema.text,
                    "pipeline_groups": Schema.list(Schema.text),
                ])
            ),
            "routes": Schema.list(
                Schema.object([
                    "source_worker": Schema.text, "source_pipeline": Schema.text, "target_worker": Schema.text,
                    "target_pipeline": Schema.text, "route_type": Schema.text,
                ])
            ),
            "groups": Schema.list(
                Schema.object([
                    "group_id": Schema.text, "group_name": Schema.text,
                    "pipelines": Schema.list(
                        Schema.object(["name": Schema.text, "worker_id": Schema.text, "worker_address": Schema.text])
                    ),
                    "routes": Schema.list(of: "Route"),
                ])
            ),
        ]),
        "PipelineMetrics": Schema.object([
            "pipelines": Schema.list(
                Schema.object([
                    "pipeline_name": Schema.text, "worker_id": Schema.text, "events_in": Schema.count,
                    "events_out": Schema.count, "connector_health": Schema.list(of: "ConnectorHealth"),
                ])
            )
        ]),
        "Summary": Schema.object([
            "total_workers": Schema.count, "healthy_workers": Schema.count, "unhealthy_workers": Schema.count,
            "draining_workers": Schema.count, "total_pipeline_groups": Schema.count,
            "active_pipeline_groups": Schema.count, "total_events_processed": Schema.count,
            "events_per_second": Schema.number,
        ]),
        "ScalingAdvice": Schema.object([
            "action": Schema.oneOf("scale_up", "scale_down", "stable"), "current_workers": Schema.count,
            "target_workers": Schema.count, "reason": Schema.text, "avg_pipelines_per_worker": Schema.number,
            "total_pipelines": Schema.count, "timestamp": ["type": "string", "format": "date-time"],
        ]),
    ]

    static let memberSchemas: [String: JSONValue] = [
        "RaftStatus": Schema.object([
            "enabled": Schema.flag, "this_node_id": Schema.count, "leader_id": Schema.orNull(Schema.count),
            "term": Schema.count, "commit_index": Schema.count,
            "nodes": Schema.list(
                Schema.object([
                    "id": Schema.count, "address": Schema.text, "role": Schema.oneOf("leader", "follower", "unknown"),
                    "is_current": Schema.flag,
                ])
            ),
        ]),
        "RaftMetrics": Schema.object([
            "id": Schema.count, "state": Schema.oneOf("Leader", "Follower", "Candidate", "Learner", "Shutdown"),
            "current_term": Schema.count, "current_leader": Schema.orNull(Schema.count),
            "last_applied": Schema.orNull(
                Schema.object([
                    "leader_id": Schema.object(["term": Schema.count, "node_id": Schema.count]),
                    "index": Schema.count,
                ])
            ),
            "last_log_index": Schema.orNull(Schema.count), "membership": Schema.text,
        ]),
        "Members": Schema.object(
            [
                "cluster": Schema.text, "term": Schema.count, "joint": Schema.flag,
                "members": Schema.list(of: "Member"),
            ],
            optional: ["leader_id": Schema.count]
        ),
        "Member": Schema.object(
            [
                "id": Schema.count, "role": Schema.oneOf("voter", "learner", "joining", "leaving"),
                "promotes": Schema.flag, "is_leader": Schema.flag,
            ],
            optional: [
                "address": Schema.text, "incarnation": Schema.text, "replaces": Schema.count, "match": Schema.count,
                "lag": Schema.count, "last_heard_ms": Schema.count, "fetching_snapshot": Schema.flag,
            ]
        ),
        "MemberChange": Schema.object([
            "id": Schema.count, "done": Schema.flag, "members": Schema.reference("Members"),
        ]),
        "NewMember": Schema.object(
            ["address": Schema.text],
            optional: [
                "incarnation": Schema.orNull(Schema.text), "voter": Schema.orNull(Schema.flag),
                "replaces": Schema.orNull(Schema.count32),
            ]
        ),
        "Replacement": Schema.object(
            [:],
            optional: ["address": Schema.orNull(Schema.text), "incarnation": Schema.orNull(Schema.text)]
        ),
        "Transfer": Schema.object([:], optional: ["to": Schema.orNull(Schema.count32)]),
        "Leader": Schema.object(["leader_id": Schema.count], optional: ["address": Schema.text]),
        "NewLearner": Schema.object(["node_id": Schema.count32, "addr": Schema.text]),
        "NewVoters": Schema.object(["members": Schema.list(Schema.count32)]),
        "MembershipCall": Schema.object(
            ["status": Schema.oneOf("ok", "error")],
            optional: ["response": Schema.reference("MemberChange"), "message": Schema.text]
        ),
    ]
}
