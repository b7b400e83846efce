// swift-tools-version: 6.2
import PackageDescription

/// Feeds mutants of every format that we read to the code that reads them; see Scripts/fuzz.
let package = Package(
  name: "fuzz",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "swift-distill", path: "../.."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
  ],
  targets: [
    .executableTarget(
      name: "distill-fuzz",
      dependencies: [
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "DistillPipeline", package: "swift-distill"),
        .product(name: "DistillPlugins", package: "swift-distill"),
        .product(name: "DistillWordPiece", package: "swift-distill"),
      ],
      plugins: [.plugin(name: "DistillPluginRegistry", package: "swift-distill")])
  ],
  swiftLanguageModes: [.v6]
)
