import Foundation
import Testing

/// What the generator of the registry makes of a `plugins.yaml`, right or wrong.
@Suite(.serialized) struct PluginListTests {
  private static let hnsw = "{kind: retriever, name: hnsw, module: DistillHNSW, type: HNSW}"

  /// Runs the generator on the bench's `plugins.yaml`, in which « may mark a place.
  private func generate(_ text: String, on bench: Workbench) throws -> Outcome {
    try bench.write(text.replacing("«", with: ""), to: "plugins.yaml")
    return try bench.outcome(
      of: bench.process(
        [bench.path("plugins.yaml"), bench.path("CompiledPlugins.swift"), "other=\(bench.path("other"))"]
          + ["DistillHNSW", "DistillExactSearch", "DistillOptions"], of: "distill-plugin-registry"))
  }

  @Test(arguments: [
    (
      "plugins: [{kind: loss, name: a, module: «DistilHNSW, type: A}]",
      "the module `DistilHNSW` is not among the target's dependencies", "did you mean `DistillHNSW`?"
    ),
    (
      "plugins: [{kind: loss, name: a, module: «Mine, type: A}]", "the module `Mine`",
      "add it to the target's dependencies"
    ),
    (
      "plugins:\n  - \(hnsw)\n  - {kind: retriever, name: «hnsw, module: DistillExactSearch, type: E}",
      "the retriever `hnsw` is listed twice", "first on line 2"
    ),
    ("plugins: [{kind: «Loss, name: a, module: DistillHNSW, type: A}]", "`Loss` is not a name", "lower-case"),
    (
      "plugins: [{kind: loss, name: «my_loss, module: DistillHNSW, type: A}]", "`my_loss` is not a name",
      "joined by `-`"
    ),
    ("plugins: [{kind: loss, name: a, module: «A-B, type: A}]", "`A-B` is not a Swift module name", ""),
    ("plugins: [{kind: loss, name: a, module: DistillHNSW, type: «A.}]", "`A.` is not the name of a Swift type", ""),
    ("plugins: [«{kind: loss, name: a, module: DistillHNSW}]", "missing key `type`", ""),
    ("plugins: [{«knid: loss, name: a, module: DistillHNSW, type: A}]", "unknown key `knid`", "did you mean `kind`?"),
    ("plugins: «[\(hnsw)\n", "did not find expected ',' or ']'", "bracket is missing"),
    ("«", "the file is empty", ""),
    ("include: [«othr]", "`othr` is not a package that this one depends on", "did you mean `other`?"),
    ("include: [«another-one]", "`another-one` is not a package", "add it to the dependencies in Package.swift"),
    (
      "include: [other]\nplugins: [{kind: loss, name: «taken, module: DistillHNSW, type: A}]",
      "the loss `taken` is listed twice",
      "other/plugins.yaml"
    ),
  ]) func saysWhatIsWrong(text: String, message: String, hint: String) throws {
    let bench = try Workbench()
    try FileManager.default.createDirectory(at: bench.url.appending(path: "other"), withIntermediateDirectories: false)
    try bench.write("plugins: [{kind: loss, name: taken, module: DistillHNSW, type: A}]", to: "other/plugins.yaml")
    let outcome = try generate(text, on: bench)
    let before = text.prefix { $0 != "«" }.split(separator: "\n", omittingEmptySubsequences: false)
    let place = "\(max(1, before.count)):\((before.last?.count ?? 0) + 1)"
    #expect(outcome.errors.hasPrefix("\(bench.path("plugins.yaml")):\(place): error: \(message)"), "\(outcome.errors)")
    #expect(outcome.errors.contains(hint) || hint.isEmpty, "\(outcome.errors)")
    #expect(outcome.errors.ranges(of: ": error: ").count == 1, "\(outcome.errors)")
    #expect(outcome.status == 1 && !bench.exists("CompiledPlugins.swift"))
  }

  @Test func saysEverythingThatIsWrong() throws {
    let bench = try Workbench()
    let text = "plugins:\n  - \(Self.hnsw)\n  - \(Self.hnsw)\n  - {kind: loss, name: a, module: Mine, type: A}\n"
    let errors = try generate(text, on: bench).errors
    for part in ["yaml:3:29: error: the retriever `hnsw`", "yaml:4:35: error: the module `Mine`"] {
      #expect(errors.contains(part), "\(errors)")
    }
    let missing = try bench.outcome(of: bench.process(["nowhere.yaml", "x.swift"], of: "distill-plugin-registry"))
    #expect(
      missing.status == 1 && missing.errors.contains("nowhere.yaml:1:1: error: cannot be read"), "\(missing.errors)")
    #expect(try bench.outcome(of: bench.process([], of: "distill-plugin-registry")).errors.hasPrefix("usage: "))
  }

  @Test func listsWhatIsRight() throws {
    let bench = try Workbench()
    try FileManager.default.createDirectory(at: bench.url.appending(path: "other"), withIntermediateDirectories: false)
    try bench.write(
      "plugins: [{kind: retriever, name: exact, module: DistillExactSearch, type: DistillExactSearch}]",
      to: "other/plugins.yaml")
    let outcome = try generate("include: [other]\nplugins:\n  - \(Self.hnsw)\n", on: bench)
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    let swift = try String(decoding: bench.data("CompiledPlugins.swift"), as: UTF8.self)
    for line in [
      "import DistillHNSW", "import DistillExactSearch",
      "#sourceLocation(file: \"\(bench.path("plugins.yaml"))\", line: 3)",
      "    all.append(CompiledPlugin(kind: \"retriever\", name: \"hnsw\", type: DistillHNSW.HNSW.self))",
      // A type that is called like its module hides it.
      "    all.append(CompiledPlugin(kind: \"retriever\", name: \"exact\", type: DistillExactSearch.self))",
    ] { #expect(swift.split(separator: "\n").contains { $0 == line }, "\(line)\n\(swift)") }
  }
}
