// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: strict language features, and a warning is an error.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "varpulis",
    products: [
        .library(name: "RaftCore", targets: ["RaftCore"]),
        .executable(name: "check-history", targets: ["check-history"]),
        .executable(name: "cluster-simulate", targets: ["cluster-simulate"]),
        .executable(name: "raft-simulate", targets: ["raft-simulate"]),
        .executable(name: "varpulis", targets: ["varpulis"]),
        .executable(name: "varpulis-worker", targets: ["varpulis-worker"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // MARK: C libraries
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCRC32C"),
        .systemLibrary(name: "CHeap"),
        .target(name: "LMDB", dependencies: ["CLMDB"], swiftSettings: strict),
        .target(name: "OpenSSL", dependencies: ["COpenSSL"], swiftSettings: strict),

        // MARK: Threads and MQTT
        .target(name: "Threads", swiftSettings: strict),
        .systemLibrary(name: "CMosquitto", pkgConfig: "libmosquitto", providers: [.apt(["libmosquitto-dev"])]),
        .target(
            name: "MQTT",
            dependencies: [
                "CMosquitto", "OpenSSL", "Threads",
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: strict
        ),

        // MARK: Consensus
        .target(
            name: "RaftCore",
            dependencies: [.product(name: "DequeModule", package: "swift-collections")],
            path: "Sources/Raft/Core",
            swiftSettings: strict
        ),
        .target(
            name: "Checksum",
            dependencies: ["CCRC32C"],
            path: "Sources/Raft/Checksum",
            swiftSettings: strict
        ),
        .target(
            name: "RaftSessions",
            dependencies: [.product(name: "HashTreeCollections", package: "swift-collections")],
            path: "Sources/Raft/Sessions",
            swiftSettings: strict
        ),
        .target(
            name: "RaftStorage",
            dependencies: [
                "Checksum", "RaftCore", "LMDB", "OpenSSL", "Threads",
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            path: "Sources/Raft/Storage",
            swiftSettings: strict
        ),
        .target(name: "Linearizability", path: "Sources/Raft/Linearizability", swiftSettings: strict),
        .target(
            name: "RaftSimulation",
            dependencies: ["RaftCore", "Linearizability", .product(name: "HeapModule", package: "swift-collections")],
            path: "Sources/Raft/Simulation",
            swiftSettings: strict
        ),
        .target(
            name: "RaftTransport",
            dependencies: [
                "Checksum", "OpenSSL", "RaftCore",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Sources/Raft/Transport",
            swiftSettings: strict
        ),
        .target(
            name: "Raft",
            dependencies: [
                "RaftCore", "RaftStorage", "RaftTransport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Sources/Raft/Node",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "raft-simulate",
            dependencies: [
                "RaftSimulation", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),

        .executableTarget(
            name: "check-history",
            dependencies: [
                "Linearizability", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),

        // MARK: WebSocket
        .target(
            name: "WebSocket",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),

        // MARK: Security of what listens and calls
        .target(
            name: "Security",
            dependencies: [
                "OpenSSL",
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),

        .target(
            name: "SecurityFlags",
            dependencies: ["Security", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: strict
        ),

        // MARK: Wire types
        .target(name: "ClusterAPI", swiftSettings: strict),

        // MARK: Coordinator
        .target(
            name: "ClusterState",
            dependencies: ["RaftSessions", .product(name: "HashTreeCollections", package: "swift-collections")],
            path: "Sources/Coordinator/State",
            swiftSettings: strict
        ),
        .target(
            name: "ClusterControl",
            dependencies: ["ClusterState"],
            path: "Sources/Coordinator/Control",
            swiftSettings: strict
        ),

        .target(
            name: "ClusterSimulation",
            dependencies: [
                "ClusterControl", "ClusterState", "Ownership", "RaftCore", "RaftSessions",
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            path: "Sources/Coordinator/Simulation",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "cluster-simulate",
            dependencies: [
                "ClusterSimulation", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Coordinator",
            dependencies: [
                "CHeap", "ClusterAPI", "ClusterControl", "ClusterState", "Engine", "OpenSSL", "Raft", "RaftCore",
                "RaftSessions", "RaftStorage", "RaftTransport", "Security", "Threads", "VPL", "WebSocket",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            exclude: ["Control", "Simulation", "State"],
            swiftSettings: strict
        ),

        // MARK: Engine
        .target(name: "VPL", path: "Sources/Engine/Language", swiftSettings: strict),
        .target(
            name: "Engine",
            dependencies: ["Checksum", "VPL"],
            path: "Sources/Engine/Runtime",
            swiftSettings: strict
        ),

        .target(
            name: "EngineCheckpoints",
            dependencies: ["Engine"],
            path: "Sources/Engine/Checkpointing",
            swiftSettings: strict
        ),

        .systemLibrary(name: "CAffinity"),
        .target(
            name: "EngineThreads",
            dependencies: ["CAffinity", "Engine", "Threads"],
            path: "Sources/Engine/Sharding",
            swiftSettings: strict
        ),

        .target(name: "EngineOracle", path: "Tests/EngineOracle", swiftSettings: strict),
        .executableTarget(
            name: "engine-oracle",
            dependencies: [
                "Engine", "EngineOracle", "VPL",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),

        // MARK: Worker
        .target(name: "Ownership", path: "Sources/Worker/Ownership", swiftSettings: strict),
        .target(
            name: "Worker",
            dependencies: [
                "ClusterAPI", "Engine", "MQTT", "OpenSSL", "Ownership", "Security", "Threads", "VPL", "WebSocket",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            exclude: ["Command", "Ownership"],
            resources: [.embedInCode("HTTP/openapi.json")],
            swiftSettings: strict
        ),
        .target(
            name: "WorkerCommand",
            dependencies: [
                "Engine", "Security", "SecurityFlags", "Worker",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/Worker/Command",
            swiftSettings: strict
        ),

        // MARK: Commands
        .executableTarget(
            name: "varpulis-worker",
            dependencies: [
                "WorkerCommand",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "varpulis",
            dependencies: [
                "ClusterAPI", "Coordinator", "Engine", "EngineCheckpoints", "EngineThreads", "RaftCore", "RaftStorage",
                "Security", "SecurityFlags", "VPL", "Worker",
                "WorkerCommand",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),

        // MARK: Benchmarks
        .target(name: "Floor", path: "Benchmarks/engine/floor"),
        .executableTarget(
            name: "engine-bench",
            dependencies: [
                "Engine", "Floor", "VPL",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/engine/bench",
            swiftSettings: strict
        ),

        // MARK: Tests
        .testTarget(name: "LMDBTests", dependencies: ["LMDB"], swiftSettings: strict),
        .testTarget(name: "OpenSSLTests", dependencies: ["OpenSSL"], swiftSettings: strict),
        .testTarget(
            name: "RaftCoreTests",
            dependencies: ["RaftCore"],
            exclude: ["Mutants"],
            swiftSettings: strict
        ),
        .testTarget(name: "ChecksumTests", dependencies: ["Checksum"], swiftSettings: strict),
        .testTarget(
            name: "RaftStorageTests",
            dependencies: ["Checksum", "RaftStorage", "RaftCore", "LMDB"],
            swiftSettings: strict
        ),
        .testTarget(name: "LinearizabilityTests", dependencies: ["Linearizability"], swiftSettings: strict),
        .testTarget(
            name: "CheckHistoryTests",
            dependencies: ["Linearizability", "check-history"],
            swiftSettings: strict
        ),
        .testTarget(name: "RaftSessionsTests", dependencies: ["RaftSessions"], swiftSettings: strict),
        .testTarget(
            name: "RaftSimulationTests",
            dependencies: ["RaftSimulation", "RaftCore"],
            swiftSettings: strict
        ),
        .target(
            name: "RaftTestSupport",
            dependencies: [
                "RaftCore", "RaftTransport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/RaftTestSupport",
            swiftSettings: strict
        ),
        .testTarget(
            name: "RaftTransportTests",
            dependencies: [
                "Checksum", "RaftCore", "RaftTestSupport", "RaftTransport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RaftNodeTests",
            dependencies: [
                "Raft", "RaftCore", "RaftStorage", "RaftTestSupport", "RaftTransport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WebSocketTests",
            dependencies: [
                "WebSocket",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .target(name: "TestAuthority", path: "Tests/TestAuthority", swiftSettings: strict),
        .testTarget(
            name: "SecurityTests",
            dependencies: [
                "Security", "TestAuthority",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "ClusterAPITests", dependencies: ["ClusterAPI"], swiftSettings: strict),
        .testTarget(
            name: "ClusterControlTests",
            dependencies: ["ClusterControl", "ClusterState"],
            swiftSettings: strict
        ),
        .testTarget(name: "ClusterSimulationTests", dependencies: ["ClusterSimulation"], swiftSettings: strict),
        .testTarget(
            name: "ClusterStateTests",
            dependencies: ["ClusterState", "RaftSessions"],
            swiftSettings: strict
        ),
        .testTarget(name: "VPLTests", dependencies: ["VPL"], swiftSettings: strict),
        .testTarget(name: "EngineTests", dependencies: ["Engine", "VPL"], swiftSettings: strict),
        .testTarget(
            name: "EngineThreadsTests",
            dependencies: ["Engine", "EngineThreads", "Threads", "VPL"],
            swiftSettings: strict
        ),
        // What `scripts/fuzz` checks of any input, and the test that checks it of those that were found.
        .target(
            name: "FuzzChecks",
            dependencies: ["Checksum", "Engine", "VPL"],
            path: "Fuzz/checks",
            swiftSettings: strict
        ),
        .testTarget(
            name: "EngineCheckpointsTests",
            dependencies: ["Engine", "EngineCheckpoints"],
            swiftSettings: strict
        ),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzChecks"], swiftSettings: strict),
        .testTarget(
            name: "EngineOracleTests",
            dependencies: ["EngineOracle", "engine-oracle"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CoordinatorTests",
            dependencies: [
                "ClusterAPI", "ClusterControl", "ClusterState", "Coordinator", "Raft", "RaftCore", "RaftSessions",
                "RaftStorage", "RaftTestSupport", "RaftTransport", "Security", "TestAuthority", "WebSocket",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ConformanceTests",
            dependencies: ["Engine", "VPL"],
            path: "Tests/Conformance",
            exclude: ["Cases"],
            swiftSettings: strict
        ),
        .target(
            name: "TestBroker",
            dependencies: ["MQTT", "Threads"],
            path: "Tests/TestBroker",
            swiftSettings: strict
        ),
        .testTarget(name: "MQTTTests", dependencies: ["MQTT", "TestBroker", "Threads"], swiftSettings: strict),
        .testTarget(name: "OwnershipTests", dependencies: ["Ownership"], swiftSettings: strict),
        .testTarget(name: "ThreadsTests", dependencies: ["Threads"], swiftSettings: strict),
        .testTarget(
            name: "VarpulisTests",
            dependencies: ["MQTT", "TestAuthority", "TestBroker", "varpulis"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WorkerTests",
            dependencies: [
                "ClusterAPI", "Engine", "MQTT", "Security", "TestAuthority", "TestBroker", "Threads", "VPL",
                "WebSocket",
                "Worker", "WorkerCommand", "varpulis-worker",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict
        ),
    ]
)
