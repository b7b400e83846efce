import DistillCore
import Foundation
import Testing

/// What the command tells of itself, and what the repository keeps of it.
@Suite(.serialized) struct DescribingTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test func theReferenceIsThatOfTheCode() throws {
    let bench = try Workbench()
    let kept = Self.root.appending(path: "Docs/Reference")
    #expect(try bench.distill("plugins", "reference", "fresh").status == 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: bench.path("fresh")).sorted()
    #expect(names.contains("pipeline.schema.json") && names.contains("loss.md"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: kept.path).sorted() == names, "run Scripts/reference")
    for name in names {
      let isSame = try bench.data("fresh/\(name)") == Data(contentsOf: kept.appending(path: name))
      #expect(isSame, "Docs/Reference/\(name) is not what the options in the code say; run Scripts/reference")
    }
    let schema = try bench.distill("schema")
    #expect(Data(schema.output.utf8) == (try bench.data("fresh/pipeline.schema.json")))
    let json = try JSONSerialization.jsonObject(with: Data(schema.output.utf8)) as? [String: Any]
    #expect(json?["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
  }

  @Test func everyPluginDescribesItself() throws {
    let bench = try Workbench()
    let plugins = try bench.distill("plugins").lines.filter { $0.hasPrefix("  ") }.compactMap {
      $0.split(separator: " ").first.map(String.init)
    }
    #expect(plugins.count > 15)
    for name in Set(plugins) {
      let told = try bench.distill("plugins", "describe", name)
      #expect(told.status == 0 && told.output.contains("Example:") && told.output.contains("use: \(name)"), "\(name)")
    }
    let told = try bench.distill("plugins", "describe", "relational-kl").output
    for part in ["Formula:", "Source:   ReAugKD", "teacher: embedding; student: embedding", "default 0.1", "weight"] {
      #expect(told.contains(part), "\(part)")
    }
  }

  @Test func aStarterIsValidOnceItsFilesAreThere() throws {
    let bench = try Workbench()
    for folder in ["data/MRPC", "models"] {
      try FileManager.default.createDirectory(
        at: bench.url.appending(path: folder), withIntermediateDirectories: true)
    }
    try bench.writeBERT("models/all-MiniLM-L6-v2", layers: 6)
    for (name, shift) in [("train", 0), ("dev", 1)] {
      let rows = (0..<20).map { "\(($0 + shift) % 2)\t1\t2\tmoney back\ttrack it" }
      try bench.write(
        (["Quality\t#1 ID\t#2 ID\t#1 String\t#2 String"] + rows).joined(separator: "\n"), to: "data/MRPC/\(name).tsv")
    }
    try bench.write("text\tlabel\nmoney\tyes\nback\tno\n", to: "train.tsv")
    try bench.write("text\tlabel\nmoney\tyes\n", to: "validation.tsv")
    for (task, file) in [("mrpc", "mrpc.yaml"), ("tsv", "tsv.yaml")] {
      #expect(try bench.distill("init", task, "--output", file).status == 0)
      let before = try bench.data(file)
      // The bench's BERT reads 32 tokens and no more.
      let short = try bench.distill("validate", file, "--set", "task.max_length=16")
      #expect(short.status == 0, "\(short.errors)")
      let again = try bench.distill("init", task, "--output", file)
      #expect(again.status == 2 && again.errors.contains("exists"), "\(again.errors)")
      #expect(try bench.data(file) == before)
    }
    #expect(try Data(bench.distill("init").output.utf8) == bench.data("tsv.yaml"))
    let wrong = try bench.distill("init", "mprc")
    #expect(wrong.status == 2 && wrong.errors.contains("did you mean mrpc"), "\(wrong.errors)")
  }

  /// What stands above a key is what the reference says of it.
  @Test(arguments: TaskDefinition.names + ["tsv", "jsonl"]) func aStarterIsReadAndCommented(_ task: String) throws {
    let bench = try Workbench()
    let starter = try bench.distill("init", task).output
    try bench.write(starter, to: "starter.yaml")
    let shown = try bench.distill("show", "starter.yaml")
    #expect(shown.status == 0 && shown.output.contains("use: \(task) "), "\(shown.errors)")
    let reference = try ["pipeline", "teacher", "student", "loss", "scheduler"].map {
      try String(contentsOf: Self.root.appending(path: "Docs/Reference/\($0).md"), encoding: .utf8).replacing(
        "\\", with: "")
    }
    var comment = ""
    for line in starter.split(separator: "\n", omittingEmptySubsequences: false) {
      let text = line.drop { $0 == " " }
      if text.hasPrefix("#") {
        comment += (comment.isEmpty ? "" : " ") + text.dropFirst(2)
      } else if !text.isEmpty {
        #expect(reference.contains { $0.contains(comment) } && !comment.isEmpty, "\(line): \(comment)")
      }
      if !text.hasPrefix("#") { comment = "" }
      #expect(line.count <= 120)
    }
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func shellsCanComplete(_ shell: String) throws {
    let script = try Workbench().distill("--generate-completion-script", shell)
    #expect(script.status == 0 && script.output.contains("describe") && script.output.contains("sts-b"))
  }
}
