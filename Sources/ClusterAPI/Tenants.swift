/// What a tenant of a worker may have and do.
public struct TenantQuota: Hashable, Sendable, Codable {
    public var pipelinesMax: Int
    /// In each window of one second.
    public var eventsPerSecondMax: Int
    public var streamsPerPipelineMax: Int

    public init(pipelinesMax: Int, eventsPerSecondMax: Int, streamsPerPipelineMax: Int) {
        self.pipelinesMax = pipelinesMax
        self.eventsPerSecondMax = eventsPerSecondMax
        self.streamsPerPipelineMax = streamsPerPipelineMax
    }

    public static let standard = TenantQuota(
        pipelinesMax: 10,
        eventsPerSecondMax: 10_000,
        streamsPerPipelineMax: 50
    )
    public static let free = TenantQuota(pipelinesMax: 2, eventsPerSecondMax: 100, streamsPerPipelineMax: 5)
    public static let pro = TenantQuota(pipelinesMax: 20, eventsPerSecondMax: 50_000, streamsPerPipelineMax: 100)
    public static let enterprise = TenantQuota(
        pipelinesMax: 1_000,
        eventsPerSecondMax: 500_000,
        streamsPerPipelineMax: 500
    )

    enum CodingKeys: String, CodingKey {
        case pipelinesMax = "max_pipelines"
        case eventsPerSecondMax = "max_events_per_second"
        case streamsPerPipelineMax = "max_streams_per_pipeline"
    }
}

/// Body of a worker's `POST /api/v1/tenants`.
public struct CreateTenantRequest: Hashable, Sendable, Codable {
    public enum Tier: String, Sendable, Codable {
        case free, pro, enterprise

        public var quota: TenantQuota {
            switch self {
            case .free: .free
            case .pro: .pro
            case .enterprise: .enterprise
            }
        }
    }

    public var name: String
    /// Absent for the quota between free and pro.
    public var quotaTier: Tier?

    public init(name: String, quotaTier: Tier? = nil) {
        self.name = name
        self.quotaTier = quotaTier
    }

    enum CodingKeys: String, CodingKey {
        case name
        case quotaTier = "quota_tier"
    }
}

/// A worker's answer to a new tenant: the only one that ever has its key.
public struct CreateTenantResponse: Hashable, Sendable, Codable {
    public var id: String
    public var name: String
    public var apiKey: String
    public var quota: TenantQuota

    public init(id: String, name: String, apiKey: String, quota: TenantQuota) {
        self.id = id
        self.name = name
        self.apiKey = apiKey
        self.quota = quota
    }

    enum CodingKeys: String, CodingKey {
        case id, name
        case apiKey = "api_key"
        case quota
    }
}

/// A tenant, as `GET /api/v1/tenants` shows it; `GET /api/v1/tenants/{id}` adds the last two.
public struct TenantInfo: Hashable, Sendable, Codable, Listed {
    public static let listKey = "tenants"

    public struct Usage: Hashable, Sendable, Codable {
        public var eventsProcessed: UInt64
        public var outputEventsEmitted: UInt64
        public var activePipelines: Int

        public init(eventsProcessed: UInt64, outputEventsEmitted: UInt64, activePipelines: Int) {
            self.eventsProcessed = eventsProcessed
            self.outputEventsEmitted = outputEventsEmitted
            self.activePipelines = activePipelines
        }

        enum CodingKeys: String, CodingKey {
            case eventsProcessed = "events_processed"
            case outputEventsEmitted = "output_events_emitted"
            case activePipelines = "active_pipelines"
        }
    }

    public var id: String
    public var name: String
    public var quota: TenantQuota
    public var usage: Usage?
    public var pipelineCount: Int?

    public init(id: String, name: String, quota: TenantQuota, usage: Usage? = nil, pipelineCount: Int? = nil) {
        self.id = id
        self.name = name
        self.quota = quota
        self.usage = usage
        self.pipelineCount = pipelineCount
    }

    enum CodingKeys: String, CodingKey {
        case id, name, quota, usage
        case pipelineCount = "pipeline_count"
    }
}

/// Answer of a worker's `GET /api/v1/usage`: what the tenant of the key shown has done, since the worker started.
public struct UsageResponse: Hashable, Sendable, Codable {
    public var tenantID: String
    public var eventsProcessed: UInt64
    public var outputEventsEmitted: UInt64
    public var activePipelines: Int
    public var quota: TenantQuota

    public init(tenantID: String, usage: TenantInfo.Usage, quota: TenantQuota) {
        self.tenantID = tenantID
        self.eventsProcessed = usage.eventsProcessed
        self.outputEventsEmitted = usage.outputEventsEmitted
        self.activePipelines = usage.activePipelines
        self.quota = quota
    }

    enum CodingKeys: String, CodingKey {
        case tenantID = "tenant_id"
        case eventsProcessed = "events_processed"
        case outputEventsEmitted = "output_events_emitted"
        case activePipelines = "active_pipelines"
        case quota
    }
}
