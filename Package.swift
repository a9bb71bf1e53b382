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
        .executable(name: "varpulis", targets: ["varpulis"]),
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
        // MARK: Consensus
        .target(name: "RaftCore", path: "Sources/Raft/Core", swiftSettings: strict),

        // MARK: Engine
        .target(name: "VPL", path: "Sources/Engine/Language", swiftSettings: strict),
        .target(name: "Engine", dependencies: ["VPL"], path: "Sources/Engine/Runtime", swiftSettings: strict),

        // MARK: Commands
        .executableTarget(
            name: "varpulis",
            dependencies: [
                "Engine",
                "VPL",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),

        // MARK: Tests
        .testTarget(name: "RaftCoreTests", dependencies: ["RaftCore"], swiftSettings: strict),
        .testTarget(name: "VPLTests", dependencies: ["VPL"], swiftSettings: strict),
        .testTarget(name: "EngineTests", dependencies: ["Engine", "VPL"], swiftSettings: strict),
        .testTarget(
            name: "ConformanceTests",
            dependencies: ["Engine", "VPL"],
            path: "Tests/Conformance",
            exclude: ["Cases"],
            swiftSettings: strict
        ),
        .testTarget(name: "VarpulisTests", dependencies: ["varpulis"], swiftSettings: strict),
    ]
)
