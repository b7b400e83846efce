// swift-tools-version: 6.2
import PackageDescription

/// A loss in a package of its own, and a `distill` that knows it beside all the plugins of swift-distill.
let package = Package(
  name: "third-party-loss",
  platforms: [.macOS(.v15)],
  products: [.library(name: "SimilarityPreserving", targets: ["SimilarityPreserving"])],
  dependencies: [
    // In a repository of its own: .package(url: "https://…/swift-distill", branch: "main")
    .package(name: "swift-distill", path: "../..")
  ],
  targets: [
    .target(name: "SimilarityPreserving", dependencies: [.product(name: "DistillCore", package: "swift-distill")]),
    .executableTarget(
      name: "my-distill",
      dependencies: [
        "SimilarityPreserving",
        .product(name: "DistillCLI", package: "swift-distill"),
        .product(name: "DistillPlugins", package: "swift-distill"),
      ],
      plugins: [.plugin(name: "DistillPluginRegistry", package: "swift-distill")]),
    .testTarget(
      name: "SimilarityPreservingTests",
      dependencies: ["SimilarityPreserving", .product(name: "DistillTestKit", package: "swift-distill")]),
  ],
  swiftLanguageModes: [.v6]
)
