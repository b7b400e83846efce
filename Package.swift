// swift-tools-version: 6.2
import PackageDescription

/// `DISTILL_STRICT=1` turns every warning into an error; CI sets it, users of the package never meet it.
let strict: [SwiftSetting] = Context.environment["DISTILL_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]
/// Targets that touch memory by pointer. All others are compiled under strict memory safety.
let pointers = strict
let safe = strict + [.strictMemorySafety()]

/// A library of the core: one target, one product of the same name.
func core(_ name: String, _ folder: String, _ dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = safe)
  -> Target
{
  .target(name: name, dependencies: dependencies, path: "Sources/Core/\(folder)", swiftSettings: settings)
}

/// A built-in plugin. It sees the contracts and what lies below them, and only what is public there.
func plugin(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(
    name: "Distill\(name)", dependencies: ["DistillCore"] + dependencies, path: "Sources/Plugins/\(name)",
    packageAccess: false,
    swiftSettings: safe)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies + ["TestSupport"], path: "Tests/\(name)Tests",
    resources: resources,
    swiftSettings: strict)
}

let plugins = [
  plugin("Encoder", ["DistillWordPiece", "DistillTokenizers"]),
  plugin("BERT", ["DistillEncoder"]),
  plugin("DistilBERT", ["DistillEncoder"]),
  plugin("RoBERTa", ["DistillEncoder"]),
  plugin("MPNet", ["DistillEncoder"]),
  plugin("ELECTRA", ["DistillEncoder"]),
  plugin("SupervisedContrastiveHead"),
  plugin("RecordedTeacher"),
  plugin("EnsembleTeacher"),
  plugin("CrossEntropy"),
  plugin("RelationalKL"),
  plugin("AttentionKL"),
  plugin("MiniLM"),
  plugin("RelationalKD"),
  plugin("CLSCosine"),
  plugin("HiddenStateMSE"),
  plugin("PatientKD"),
  plugin("LinearCKA"),
  plugin("LogitMSE"),
  plugin("LayerSchedules"),
  plugin("ExactSearch", ["DistillVectors"]),
  plugin("HNSW", ["DistillVectors"]),
  plugin("AutoSearch", ["DistillExactSearch", "DistillHNSW"]),
]

let libraries = [
  core("DistillTensor", "Tensor", ["COpenBLAS", "CDistillKernels"], settings: pointers),
  core("DistillVectors", "Vectors", ["DistillTensor", "DistillFormats", "CDistillKernels"], settings: pointers),
  core("DistillFormats", "Formats", ["CDistillKernels"], settings: pointers),
  core("DistillOptions", "Options"),
  core("DistillYAML", "YAML", ["DistillOptions", "CLibYAML"], settings: pointers),
  core("DistillText", "Text", ["DistillOptions", "DistillFormats"]),
  core("DistillWordPiece", "WordPiece", ["DistillText"]),
  core("DistillTokenizers", "Tokenizers", ["DistillWordPiece"]),
  core("DistillCore", "Contracts", ["DistillTensor", "DistillFormats", "DistillOptions", "DistillText"]),
  core("DistillTraining", "Training", ["DistillCore"]),
  core("DistillKnowledge", "Knowledge", ["DistillCore"]),
  core("DistillPipeline", "Pipeline", ["DistillTraining", "DistillKnowledge", "DistillYAML"]),
  core("DistillTestKit", "TestKit", ["DistillCore"]),
  core(
    "DistillCLI", "Command", ["DistillPipeline", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
]

let package = Package(
  name: "swift-distill",
  platforms: [.macOS(.v15)],
  products: (libraries + plugins).map { .library(name: $0.name, targets: [$0.name]) } + [
    .library(name: "DistillPlugins", targets: plugins.map(\.name)),
    .executable(name: "distill", targets: ["distill"]),
    .plugin(name: "DistillPluginRegistry", targets: ["DistillPluginRegistry"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ],
  targets: [
    .systemLibrary(
      name: "COpenBLAS", path: "Sources/Core/OpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .systemLibrary(
      name: "CLibYAML", path: "Sources/Core/LibYAML", pkgConfig: "yaml-0.1",
      providers: [.apt(["libyaml-dev"]), .brew(["libyaml"])]),
    .target(name: "CDistillKernels", path: "Sources/Core/Kernels"),
    .executableTarget(
      name: "distill-plugin-registry", dependencies: ["DistillYAML"],
      path: "Sources/Core/PluginRegistry/Generator", swiftSettings: safe),
    .plugin(
      name: "DistillPluginRegistry", capability: .buildTool(), dependencies: ["distill-plugin-registry"],
      path: "Sources/Core/PluginRegistry/BuildTool"),
    .executableTarget(
      name: "distill",
      dependencies: ["DistillCLI"] + plugins.map { .byName(name: $0.name) },
      path: "Sources/CLI", swiftSettings: safe, plugins: ["DistillPluginRegistry"]),
  ] + libraries + plugins + [
    .executableTarget(
      name: "distill-fuzz",
      dependencies: [
        "DistillPipeline", "TestSupport", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]
        + plugins.map { .byName(name: $0.name) },
      path: "Tests/Fuzz", swiftSettings: strict, plugins: ["DistillPluginRegistry"]),
    .target(
      name: "TestSupport", dependencies: ["DistillCore"], path: "Tests/Support", swiftSettings: safe),
    tests("Kernels", ["CDistillKernels"]),
    tests("Tensor", ["DistillTensor", "DistillFormats"], resources: [.copy("Fixtures")]),
    tests("Formats", ["DistillFormats"]),
    tests("Options", ["DistillYAML"]),
    tests("Text", ["DistillTokenizers"], resources: [.copy("Fixtures")]),
    tests(
      "Search",
      ["DistillVectors", "DistillExactSearch", "DistillHNSW", "DistillAutoSearch", "DistillTestKit", "DistillYAML"]),
    tests("Training", ["DistillTraining"]),
    tests("Schedule", ["DistillLayerSchedules", "DistillTestKit"]),
    tests(
      "Pipeline", ["DistillPipeline", "DistillKnowledge"] + plugins.map { .byName(name: $0.name) },
      resources: [.copy("Fixtures")]),
    tests("EndToEnd", ["DistillCore"]),
    tests(
      "BERT",
      [
        "DistillBERT", "DistillSupervisedContrastiveHead", "DistillCrossEntropy", "DistillRelationalKL",
        "DistillHiddenStateMSE",
        "DistillAttentionKL", "DistillMiniLM", "DistillTraining", "DistillTestKit",
      ], resources: [.copy("Fixtures")]),
    tests(
      "Encoder", ["DistillPipeline", "DistillTestKit"] + plugins.map { .byName(name: $0.name) },
      resources: [.copy("Fixtures")]),
    tests(
      "Loss", ["DistillTestKit"] + plugins.map { .byName(name: $0.name) },
      resources: [.copy("Fixtures")]),
  ],
  swiftLanguageModes: [.v6]
)
