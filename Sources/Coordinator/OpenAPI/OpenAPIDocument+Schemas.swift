import ClusterAPI

extension OpenAPIDocument {
    static let commonSchemas: [String: JSONValue] = [
        "Text": Schema.text,
        "Object": Schema.anyObject,
        "Error": Schema.object(
            ["error": Schema.text, "code": Schema.text],
            optional: [
                "diagnostics": Schema.list(of: "Diagnostic"), "id": Schema.text, "leader": Schema.text,
                "outcome": Schema.oneOf("none", "unknown"),
            ]
        ),
        "Diagnostic": Schema.object(
            [
                "severity": Schema.oneOf("error", "warning"), "line": Schema.count, "column": Schema.count,
                "message": Schema.text,
            ],
            optional: ["hint": Schema.text]
        ),
        "Pagination": Schema.object([
            "total": Schema.count, "limit": Schema.count, "offset": Schema.count, "has_more": Schema.flag,
        ]),
        "Deleted": Schema.object(["deleted": Schema.flag]),
        "TornDown": Schema.object(["torn_down": Schema.flag]),
        "Program": Schema.object(["source": Schema.text]),
        "Findings": Schema.object(["valid": Schema.flag, "diagnostics": Schema.list(of: "Diagnostic")]),
        "Event": Schema.object(
            ["event_type": Schema.text],
            optional: ["fields": Schema.orNull(Schema.anyObject)]
        ),
        "Injected": Schema.object([
            "routed_to": Schema.text, "worker_id": Schema.text,
            "worker_response": Schema.object(["accepted": Schema.flag, "output_events": Schema.list(of: "Event")]),
        ]),
        "EventBatch": [
            "anyOf": [
                Schema.object(["events": Schema.list(of: "Event")]), Schema.object(["events_text": Schema.text]),
            ]
        ],
        "BatchInjected": Schema.object([
            "events_sent": Schema.count, "events_failed": Schema.count,
            "output_events": Schema.list(Schema.anyObject), "errors": Schema.list(Schema.text),
            "processing_time_us": Schema.count,
        ]),
    ]

    static let keySchemas: [String: JSONValue] = [
        "KeyWish": Schema.object(
            ["name": Schema.text(1, 256), "role": Schema.oneOf("viewer", "operator", "admin")],
            optional: ["expires_in_secs": Schema.orNull(["type": "integer", "minimum": 1, "maximum": 3_153_600_000])]
        ),
        "KeyPage": Schema.page("keys", of: "Key"),
        "Key": Schema.object(
            ["id": Schema.text, "name": Schema.text, "role": Schema.text, "created_at_ms": Schema.count],
            optional: ["expires_at_ms": Schema.count, "key": Schema.text]
        ),
    ]

    static let migrationSchemas: [String: JSONValue] = [
        "Assignment": Schema.object(
            [
                "group_id": Schema.text, "pipeline": Schema.text, "epoch": Schema.count,
                "status": Schema.oneOf("Deploying", "Running", "Failed", "Stopped"),
            ],
            optional: ["worker_id": Schema.text, "incarnation": Schema.count]
        ),
        "DrainWish": Schema.object(
            [:],
            optional: [
                "timeout_secs": Schema.orNull(Schema.count32), "incarnation": Schema.orNull(Schema.count),
            ]
        ),
        "Drained": Schema.object([
            "worker_id": Schema.text, "pipelines_migrated": Schema.count, "pipelines_left": Schema.count,
            "status": Schema.oneOf("drained", "draining"),
        ]),
        "Rebalanced": Schema.object([
            "migrations_started": Schema.count, "migration_ids": Schema.list(Schema.text),
        ]),
        "MigrationWish": Schema.object(["target_worker_id": Schema.text]),
        "MigrationStarted": Schema.object([
            "migration_id": Schema.text, "pipeline": Schema.text, "group_id": Schema.text, "status": Schema.text,
        ]),
        "MigrationPage": Schema.page("migrations", of: "Migration"),
        "Migration": Schema.object([
            "id": Schema.text, "pipeline_name": Schema.text, "group_id": Schema.text, "source_worker": Schema.text,
            "target_worker": Schema.text, "status": Schema.text,
            "reason": Schema.oneOf("failover", "rebalance", "drain", "manual", "connector_failure"),
            "elapsed_ms": Schema.count,
        ]),
    ]

    static let entitySchemas: [String: JSONValue] = [
        "Registration": Schema.object(
            [
                "worker_id": Schema.text(1, 256), "address": Schema.text(8, 512, pattern: "^https?://"),
                "api_key": Schema.text,
                "capacity": Schema.object([
                    "cpu_cores": Schema.count32, "pipelines_running": Schema.count32,
                    "max_pipelines": Schema.count32,
                ]),
            ],
            optional: ["incarnation": Schema.orNull(Schema.count), "labels": Schema.orNull(Schema.texts)]
        ),
        "Registered": Schema.object(
            ["worker_id": Schema.text, "status": Schema.text],
            optional: ["heartbeat_interval_secs": Schema.count, "lease_ms": Schema.count]
        ),
        "Heartbeat": Schema.object(
            ["events_processed": Schema.count, "pipelines_running": Schema.count32],
            optional: [
                "pipeline_metrics": Schema.orNull(Schema.list(of: "PipelineCounts")),
                "pipelines": Schema.orNull(Schema.list(of: "PipelineReport")),
                "incarnation": Schema.orNull(Schema.count),
            ]
        ),
        "PipelineCounts": Schema.object(
            ["pipeline_name": Schema.text, "events_in": Schema.count, "events_out": Schema.count],
            optional: ["connector_health": Schema.orNull(Schema.list(of: "ConnectorHealth"))]
        ),
        "PipelineReport": Schema.object(
            ["id": Schema.text, "name": Schema.text, "status": Schema.text],
            optional: ["group_id": Schema.orNull(Schema.text), "epoch": Schema.orNull(Schema.count)]
        ),
        "ConnectorHealth": Schema.object(
            [
                "connector_name": Schema.text, "connector_type": Schema.text, "connected": Schema.flag,
                "messages_received": Schema.count, "seconds_since_last_message": Schema.count,
            ],
            optional: ["last_error": Schema.orNull(Schema.text)]
        ),
        "Acknowledged": Schema.object(
            ["acknowledged": Schema.flag],
            optional: ["confirmed": Schema.flag, "lease_ms": Schema.count]
        ),
        "WorkerPage": Schema.page("workers", of: "Worker"),
        "Worker": Schema.object(
            [
                "id": Schema.text, "address": Schema.text,
                "status": Schema.oneOf("registering", "ready", "unhealthy", "draining"),
                "pipelines_running": Schema.count, "max_pipelines": Schema.count, "cpu_cores": Schema.count,
                "assigned_pipelines": Schema.list(Schema.text), "events_processed": Schema.count,
            ],
            optional: ["labels": Schema.texts]
        ),
        "GroupSpec": Schema.object(
            ["name": Schema.text, "pipelines": Schema.list(of: "PipelineSpec")],
            optional: [
                "routes": Schema.orNull(Schema.list(of: "Route")), "strategy": Schema.orNull(Schema.text),
                "broker": Schema.orNull(Schema.text),
            ]
        ),
        "PipelineSpec": Schema.object(
            ["name": Schema.text, "source": Schema.text],
            optional: [
                "worker_affinity": Schema.orNull(Schema.text), "replicas": Schema.orNull(Schema.count32),
                "partition_key": Schema.orNull(Schema.text), "labels": Schema.orNull(Schema.texts),
                "spread": Schema.orNull(Schema.text), "strategy": Schema.orNull(Schema.text),
            ]
        ),
        "Route": Schema.object(
            ["from_pipeline": Schema.text, "to_pipeline": Schema.text, "event_types": Schema.list(Schema.text)],
            optional: [
                "mqtt_topic": Schema.orNull(Schema.text), "nats_subject": Schema.orNull(Schema.text),
            ]
        ),
        "GroupPage": Schema.page("pipeline_groups", of: "Group"),
        "Group": Schema.object(
            [
                "id": Schema.text, "name": Schema.text,
                "status": Schema.oneOf("deploying", "running", "partially_running", "failed"),
                "pipeline_count": Schema.count, "placements": Schema.list(of: "Placement"), "sources": Schema.texts,
            ],
            optional: [
                "generation": Schema.count,
                "update": Schema.object(
                    ["phase": Schema.oneOf("updating", "rolled_back")],
                    optional: ["reason": Schema.text]
                ),
            ]
        ),
        "Placement": Schema.object(
            [
                "pipeline_name": Schema.text, "worker_id": Schema.text, "worker_address": Schema.text,
                "pipeline_id": Schema.text, "status": Schema.oneOf("Deploying", "Running", "Failed", "Stopped"),
                "epoch": Schema.count,
            ],
            optional: ["reason": Schema.text, "attempts": Schema.count]
        ),
        "ConnectorPage": Schema.page("connectors", of: "Connector"),
        "Connector": Schema.object(
            ["name": Schema.text, "connector_type": Schema.text, "params": Schema.texts],
            optional: ["description": Schema.orNull(Schema.text)]
        ),
    ]
}
