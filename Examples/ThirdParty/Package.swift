// swift-tools-version: 6.2
import PackageDescription

/// Plugins in a package of their own, and a `distill` that knows them beside all the plugins of swift-distill: a loss, a loss on
/// an activation that the core does not know, an encoder whose layer is not BERT's, and a retriever.
let core = Target.Dependency.product(name: "DistillCore", package: "swift-distill")
let plugins: [Target] = [
  .target(name: "SimilarityPreserving", dependencies: [core]),
  .target(name: "QueryRelations", dependencies: [core]),
  .target(name: "FNet", dependencies: [core, .product(name: "DistillWordPiece", package: "swift-distill")]),
  .target(name: "InvertedFile", dependencies: [core]),
]
let all = plugins.map { Target.Dependency.byName(name: $0.name) }

let package = Package(
  name: "third-party",
  platforms: [.macOS(.v15)],
  products: plugins.map { .library(name: $0.name, targets: [$0.name]) },
  dependencies: [
    // In a repository of its own: .package(url: "https://…/swift-distill", branch: "main")
    .package(name: "swift-distill", path: "../..")
  ],
  targets: plugins + [
    .executableTarget(
      name: "my-distill",
      dependencies: all + [
        .product(name: "DistillCLI", package: "swift-distill"),
        .product(name: "DistillPlugins", package: "swift-distill"),
      ],
      plugins: [.plugin(name: "DistillPluginRegistry", package: "swift-distill")]),
    .testTarget(
      name: "ThirdPartyTests", dependencies: all + [.product(name: "DistillTestKit", package: "swift-distill")]),
  ],
  swiftLanguageModes: [.v6]
)
