// swift-tools-version: 6.2
import PackageDescription

/// Two losses in a package of their own, one of them on an activation that the core does not know, and a `distill` that has them
/// beside all the plugins of swift-distill.
let package = Package(
  name: "third-party-loss",
  platforms: [.macOS(.v15)],
  products: [.library(name: "ThirdPartyLoss", targets: ["SimilarityPreserving", "QueryRelations"])],
  dependencies: [
    // In a repository of its own: .package(url: "https://…/swift-distill", branch: "main")
    .package(name: "swift-distill", path: "../..")
  ],
  targets: [
    .target(name: "SimilarityPreserving", dependencies: [.product(name: "DistillCore", package: "swift-distill")]),
    .target(name: "QueryRelations", dependencies: [.product(name: "DistillCore", package: "swift-distill")]),
    .executableTarget(
      name: "my-distill",
      dependencies: [
        "SimilarityPreserving", "QueryRelations",
        .product(name: "DistillCLI", package: "swift-distill"),
        .product(name: "DistillPlugins", package: "swift-distill"),
      ],
      plugins: [.plugin(name: "DistillPluginRegistry", package: "swift-distill")]),
    .testTarget(
      name: "SimilarityPreservingTests",
      dependencies: ["SimilarityPreserving", .product(name: "DistillTestKit", package: "swift-distill")]),
    .testTarget(
      name: "QueryRelationsTests",
      dependencies: ["QueryRelations", .product(name: "DistillTestKit", package: "swift-distill")]),
  ],
  swiftLanguageModes: [.v6]
)
