/// The body of every refused request.
public struct ErrorBody: Hashable, Sendable, Codable, Error {
    /// A sentence for people.
    public var error: String
    /// A word for programs.
    public var code: ErrorCode
    /// What is wrong with a program, when the request carried one.
    public var diagnostics: [Diagnostic]?
    /// The existing object that a create collided with.
    public var id: String?
    /// Where the leader is, as far as the answering coordinator knows.
    public var leader: String?
    /// What became of the request. Without this field, nothing: a refusal is certain.
    public var outcome: Outcome?

    public enum Outcome: String, Sendable, Codable {
        /// Nothing was done, and nothing will be.
        case none
        /// It may have been carried out, or may yet be. Repeated with the same `Idempotency-Key`, it takes effect once.
        case unknown
    }

    public init(
        error: String,
        code: ErrorCode,
        diagnostics: [Diagnostic]? = nil,
        id: String? = nil,
        leader: String? = nil,
        outcome: Outcome? = nil
    ) {
        self.error = error
        self.code = code
        self.diagnostics = diagnostics
        self.id = id
        self.leader = leader
        self.outcome = outcome
    }
}

/// The `code` of an error body. Refusals that have no word of their own carry their status as digits.
public struct ErrorCode: RawRepresentable, Hashable, Sendable, Codable {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The digits of a plain HTTP status, such as `404`.
    public static func status(_ status: Int) -> ErrorCode { ErrorCode(rawValue: String(status)) }

    public static let workerNotFound = ErrorCode(rawValue: "worker_not_found")
    public static let groupNotFound = ErrorCode(rawValue: "group_not_found")
    public static let groupExists = ErrorCode(rawValue: "group_exists")
    public static let placementNotFound = ErrorCode(rawValue: "placement_not_found")
    public static let noWorkersAvailable = ErrorCode(rawValue: "no_workers_available")
    public static let deployFailed = ErrorCode(rawValue: "deploy_failed")
    public static let routingFailed = ErrorCode(rawValue: "routing_failed")
    public static let connectorNotFound = ErrorCode(rawValue: "connector_not_found")
    public static let connectorValidation = ErrorCode(rawValue: "connector_validation")
    public static let migrationFailed = ErrorCode(rawValue: "migration_failed")
    public static let workerDraining = ErrorCode(rawValue: "worker_draining")
    public static let notLeader = ErrorCode(rawValue: "not_leader")
    public static let overloaded = ErrorCode(rawValue: "overloaded")
    public static let outcomeUnknown = ErrorCode(rawValue: "outcome_unknown")
    public static let indexNotReached = ErrorCode(rawValue: "index_not_reached")
    public static let keyReused = ErrorCode(rawValue: "idempotency_key_reused")
    public static let storageFull = ErrorCode(rawValue: "storage_full")

    // Changes of the members.
    public static let memberNotFound = ErrorCode(rawValue: "member_not_found")
    public static let changeUnderWay = ErrorCode(rawValue: "change_under_way")
    public static let votesAlready = ErrorCode(rawValue: "votes_already")
    public static let lastVoter = ErrorCode(rawValue: "last_voter")
    public static let wouldLoseQuorum = ErrorCode(rawValue: "would_lose_quorum")
    public static let tooManyMembers = ErrorCode(rawValue: "too_many_members")
    public static let addressTaken = ErrorCode(rawValue: "address_taken")
    public static let beingReplaced = ErrorCode(rawValue: "being_replaced")
    public static let transferFailed = ErrorCode(rawValue: "transfer_failed")

    // The worker's own.
    public static let parseError = ErrorCode(rawValue: "parse_error")
    public static let engineError = ErrorCode(rawValue: "engine_error")
    public static let invalidAPIKey = ErrorCode(rawValue: "invalid_api_key")
    public static let invalidLimit = ErrorCode(rawValue: "invalid_limit")
    /// The worker must not let a pipeline's output out before the pipeline's assignment is confirmed.
    public static let ownershipUnconfirmed = ErrorCode(rawValue: "ownership_unconfirmed")
    public static let pipelineNotFound = ErrorCode(rawValue: "pipeline_not_found")
    public static let quotaExceeded = ErrorCode(rawValue: "quota_exceeded")
    public static let rateLimited = ErrorCode(rawValue: "rate_limited")
    /// The word of the one path that streams, for a key that is missing or unknown.
    public static let invalidKey = ErrorCode(rawValue: "invalid_key")
    public static let invalidAdminKey = ErrorCode(rawValue: "invalid_admin_key")
    public static let adminDisabled = ErrorCode(rawValue: "admin_disabled")
    public static let alreadyExists = ErrorCode(rawValue: "already_exists")
    public static let tenantNotFound = ErrorCode(rawValue: "tenant_not_found")
    public static let notImplemented = ErrorCode(rawValue: "not_implemented")
}

/// One finding about a program; line and column count from 1 in the submitted text.
public struct Diagnostic: Hashable, Sendable, Codable {
    public enum Severity: String, Sendable, Codable {
        case error, warning
    }

    public var severity: Severity
    public var line: Int
    public var column: Int
    public var message: String
    public var hint: String?

    public init(severity: Severity, line: Int, column: Int, message: String, hint: String? = nil) {
        self.severity = severity
        self.line = line
        self.column = column
        self.message = message
        self.hint = hint
    }
}

/// Body of `POST ~/validate`.
public struct ValidateRequest: Hashable, Sendable, Codable {
    public var source: String
    public init(source: String) { self.source = source }
}

/// Answer of `POST ~/validate`, always with status 200.
public struct ValidateResponse: Hashable, Sendable, Codable {
    public var valid: Bool
    public var diagnostics: [Diagnostic]

    public init(valid: Bool, diagnostics: [Diagnostic]) {
        self.valid = valid
        self.diagnostics = diagnostics
    }
}
