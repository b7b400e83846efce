// swift-tools-version: 6.2
import PackageDescription

/// `distill-serve`, the HTTP server. It is a package of its own, so that nobody who trains, or imports a part, fetches or builds what
/// only a server needs.
let package = Package(
  name: "distill-server",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "distill-serve", targets: ["distill-serve"])],
  dependencies: [
    .package(name: "swift-distill", path: ".."),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.20.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
  ],
  targets: [
    .target(
      name: "DistillServer",
      dependencies: [
        .product(name: "DistillPipeline", package: "swift-distill"),
        .product(name: "DistillKnowledge", package: "swift-distill"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ], resources: [.embedInCode("page.html"), .embedInCode("openapi.json")]),
    .executableTarget(
      name: "distill-serve",
      dependencies: [
        "DistillServer",
        .product(name: "DistillPlugins", package: "swift-distill"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      plugins: [.plugin(name: "DistillPluginRegistry", package: "swift-distill")]),
    .testTarget(
      name: "ServerTests",
      dependencies: [
        "DistillServer",
        .product(name: "DistillPlugins", package: "swift-distill"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      plugins: [.plugin(name: "DistillPluginRegistry", package: "swift-distill")]),
  ],
  swiftLanguageModes: [.v6]
)
