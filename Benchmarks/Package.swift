// swift-tools-version: 6.2
import PackageDescription

/// Measures swift-distill beside PyTorch, ONNX Runtime and the Rust tokenizer. See README.md.
let package = Package(
  name: "benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "swift-distill", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
  ],
  targets: [
    .executableTarget(
      name: "distill-bench",
      dependencies: [
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "DistillPipeline", package: "swift-distill"),
        .product(name: "DistillPlugins", package: "swift-distill"),
      ]),
    .executableTarget(
      name: "distill-tokens",
      dependencies: [
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "DistillTokenizers", package: "swift-distill"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
