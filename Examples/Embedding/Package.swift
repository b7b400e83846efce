// swift-tools-version: 6.2
import PackageDescription

/// Three programs that import parts of swift-distill and nothing else of it.
let package = Package(
  name: "embedding",
  platforms: [.macOS(.v15)],
  dependencies: [
    // In a repository of its own: .package(url: "https://…/swift-distill", branch: "main")
    .package(name: "swift-distill", path: "../..")
  ],
  targets: [
    .executableTarget(
      name: "embed-lines", dependencies: [.product(name: "DistillBERT", package: "swift-distill")]),
    .executableTarget(
      name: "search-vectors", dependencies: [.product(name: "DistillHNSW", package: "swift-distill")]),
    .executableTarget(
      name: "classify",
      dependencies: [
        .product(name: "DistillPipeline", package: "swift-distill"),
        .product(name: "DistillPlugins", package: "swift-distill"),
      ],
      plugins: [.plugin(name: "DistillPluginRegistry", package: "swift-distill")]),
  ],
  swiftLanguageModes: [.v6]
)
