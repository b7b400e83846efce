import DistillCore
import DistillPipeline
import Foundation
import Testing

/// Mistakes that only show when the parts are put together, each at its place and once. No weight can have been read: those of
/// the teacher are not numbers.
struct WiringTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    /// What to replace in the workbench's pipeline, and with what; « marks where the complaint belongs.
    let old: String
    let new: String
    let message: String
    var isWarning = false
    var testDescription: String { "\(message): \(new)" }
  }

  static let fit = [
    Mistake(old: "[2]}\nlosses", new: "[2, «4]}\nlosses", message: "layer 4 does not exist: there are 3"),
    Mistake(old: "layers: [2]", new: "layers: «1, 2, 3", message: "write `from_teacher_layers: [1, 2, 3]`"),
    Mistake(
      old: "  - {use: relational-kl, weight: 0.5}", new: "  - {use: hidden-distance}\nlayer_map: [[1, «4]]",
      message: "the pair 1 ← 4 does not exist"),
    Mistake(
      old: "{use: relational-kl, weight: 0.5}", new: "{use: hidden-distance}\nlayer_map: [[«2, 1]]",
      message: "the pair 2 ← 1 does not exist"),
    Mistake(
      old: "training:", new: "layer_map: [[«2, 1]]\ntraining:", message: "the pair 2 ← 1 does not exist",
      isWarning: true),
    Mistake(
      old: "training:", new: "layer_map: [[1, 1], «[1]]\ntraining:", message: "expected [student layer, teacher layer]"),
    Mistake(old: "training:", new: "layer_map: «[1, 2]\ntraining:", message: "lists in a list"),
    Mistake(
      old: "  use: supervised-contrastive-head", new: "  use: supervised-contrastive-head\n  width: «8",
      message: "projects to width 8, and the student's embedding has 16"),
    Mistake(
      old: "use: bert, from_teacher_layers: [2]", new: "use: bert, checkpoint: other", message: "different vocabularies"
    ),
    Mistake(
      old: "{use: relational-kl, weight: 0.5}", new: "{use: hidden-distance}\nlayer_map: [[1, 1], [«1, 2]]",
      message: "student layer 1 learns from two teacher layers"),
    Mistake(
      old: "training:", new: "schedule: {use: «progressive}\ntraining:",
      message: "no loss of this pipeline is layer-wise"),
    Mistake(
      old: "  - {use: soft-cross-entropy}\n  - {use: relational-kl, weight: 0.5}",
      new: "  - {use: hidden-distance}\nschedule: {use: «stacked}", message: "no loss of this pipeline reads them"),
    Mistake(
      old: "losses:", new: "schedule: {use: stacked, cosine_threshold: «0.1}\nlosses:\n  - {use: hidden-distance}",
      message: "compared with `cls-cosine`"),
    Mistake(
      old: "losses:", new: "schedule: {use: stacked, epochs_per_layer: «3}\nlosses:\n  - {use: hidden-distance}",
      message: "leave none of 3 epochs"),
    Mistake(old: "max_length: 16", new: "max_length: «33", message: "the teacher reads at most 32 tokens"),
    Mistake(
      old: "from_teacher_layers: [2]", new: "random: {hidden_size: 16, heads: «3}", message: "3 heads do not divide"),
    Mistake(old: "from_teacher_layers: [2]", new: "layers: [2]", message: "a student has one source, not 0"),
    Mistake(
      old: "  - {use: soft-cross-entropy}\n  - {use: relational-kl, weight: 0.5}",
      new: "  - {use: soft-cross-entropy, weight: «0}", message: "no loss has a weight above 0"),
    Mistake(
      old: "{retriever: {use: exact}, space: teacher, labels: soft, neighbours: 4, beta: 0.5, temperature: 0.1}",
      new: "{retriever: {use: exact}, choose: «{beta: [0, 1]}}", message: "needs examples that nothing was trained on"),
    Mistake(old: "epochs: 3", new: "patience: «2, epochs: 3", message: "no epoch is scored set task.hold_out"),
    Mistake(
      old: "epochs: 3", new: "keep: last, patience: «2, epochs: 3", message: "no epoch is scored take `keep: last` out"
    ),
    Mistake(old: "neighbours: 4", new: "neighbours: «61", message: "asks for 61 neighbours among 60", isWarning: true),
    Mistake(
      old: "\n  - {use: relational-kl, weight: 0.5}\nknowledge_base: ", new: "\nknowledge_base: «",
      message: "no loss brings the student's embedding near", isWarning: true),
  ]

  static let files = [
    Mistake(old: "train: train.tsv", new: "train: «no.tsv", message: "there is no file"),
    Mistake(old: "validation: validation.tsv", new: "validation: «no.tsv", message: "there is no file"),
    Mistake(old: "train: train.tsv", new: "train: «teacher", message: "teacher is a folder, not a file"),
    Mistake(old: "train: train.tsv", new: "train: «empty.tsv", message: "empty.tsv: is empty"),
    Mistake(old: "validation: validation.tsv", new: "validation: «broken.tsv", message: "broken.tsv:2: has 1 columns"),
    Mistake(
      old: "max_length: 16", new: "max_length: 16, unlabelled: [validation.tsv, «no.tsv]", message: "there is no file"),
    Mistake(
      old: "max_length: 16", new: "max_length: 16, unlabelled: [«plain.txt]",
      message: "plain.txt:3: has 2 columns where 1 are expected"),
    Mistake(
      old: "validation: validation.tsv", new: "validation: «labels.tsv", message: "labels.tsv:2: unknown intent 'sing'"),
    Mistake(
      old: "label: intent", new: "label: «intend", message: "train.tsv:1: there is no column 'intend'; did you mean"),
    Mistake(
      old: "use: tsv, train: train.tsv, validation: validation.tsv, label: intent",
      new: "use: tsv, train: train.tsv, label: intent, pair: «other", message: "there is no column 'other'"),
    Mistake(
      old: "use: tsv, train: train.tsv, validation: validation.tsv, label: intent",
      new: "use: sts-b, train: «train.tsv", message: "there is no column 'sentence1'"),
    Mistake(
      old: "use: tsv, train: train.tsv, validation: validation.tsv, label: intent",
      new: "use: sts-b, train: sts-train.tsv, labels: «[a, b]", message: "the labels of sts-b are fixed"),
    Mistake(
      old: "train: train.tsv, validation: validation.tsv, label: intent",
      new: "train: «train.tsv, validation: validation.tsv", message: "train.tsv:1: there is no column 'label'"),
    Mistake(
      old: "label: intent", new: "label: intent, text: intent", message: "`intent` is the column of `text` already"),
    Mistake(old: "checkpoint: teacher", new: "checkpoint: «nowhere", message: "there is no such folder"),
    Mistake(old: "checkpoint: teacher", new: "checkpoint: «tacher", message: "did you mean `teacher`?"),
    Mistake(old: "checkpoint: teacher", new: "checkpoint: «bare", message: "model.safetensors: is missing"),
    Mistake(old: "checkpoint: teacher", new: "checkpoint: «short", message: "model.safetensors: is truncated"),
    Mistake(old: "checkpoint: teacher", new: "checkpoint: «deep", message: "missing: bert.encoder.layer.3"),
    Mistake(
      old: "checkpoint: teacher, fine_tune: {epochs: 4, batch_size: 8, learning_rate: 0.003}",
      new: "checkpoint: «teacher",
      message: "weights that nothing has trained"),
    Mistake(old: "output: runs/tiny", new: "output: «train.tsv", message: "train.tsv is a file"),
    Mistake(old: "output: runs/tiny", new: "output: «train.tsv/x", message: "train.tsv is no folder"),
    Mistake(old: "output: runs/tiny", new: "output: «teacher", message: "files that are not of a run"),
    Mistake(old: "output: runs/tiny", new: "output: «\"\"", message: "names no folder"),
  ]

  private func bench() throws -> Workbench {
    let bench = try Workbench()
    try bench.spoilWeights("teacher")
    return bench
  }

  private func problems(_ bench: Workbench, _ text: String) throws -> [Diagnostic] {
    do { return try bench.pipeline(text).warnings } catch let error as Diagnostics { return error.list }
  }

  @Test(arguments: fit + files) func mistakesAreToldAtTheirPlaces(_ mistake: Mistake) throws {
    let bench = try bench()
    try bench.writeBERT("other", vocabulary: Workbench.vocabulary.dropLast() + ["##xyz"])
    for name in ["bare", "short", "deep"] { try bench.writeBERT(name) }
    try FileManager.default.removeItem(at: bench.url.appending(path: "bare/model.safetensors"))
    try bench.data("short/model.safetensors").dropLast(9).write(
      to: bench.url.appending(path: "short/model.safetensors"))
    let deeper = String(decoding: try bench.data("deep/config.json"), as: UTF8.self).replacing(
      "layers\": 3", with: "layers\": 4")
    try bench.write(deeper, to: "deep/config.json")
    try bench.write("", to: "empty.tsv")
    try bench.write("text\tintent\nhello\n", to: "broken.tsv")
    try bench.write("text\tintent\nhello\tsing\n", to: "labels.tsv")
    try bench.write("please my order\nhello\nwhere\tis it\n", to: "plain.txt")
    let marked = Workbench.pipeline.replacing(mistake.old, with: mistake.new)
    #expect(marked != Workbench.pipeline)
    let list = try problems(bench, marked.replacing("«", with: ""))
    #expect(list.count == 1, "\(list.map(\.message))")
    let first = try #require(list.first)
    #expect("\(first.message) \(first.hint ?? "")".contains(mistake.message), "\(first.message)")
    #expect((first.severity == .warning) == mistake.isWarning)
    let before = marked.prefix { $0 != "«" }
    guard before.count < marked.count else { return }
    #expect(first.range.line == before.filter { $0 == "\n" }.count + 1)
    #expect(
      first.range.column == (before.split(separator: "\n", omittingEmptySubsequences: false).last?.count ?? 0) + 1)
  }

  @Test(arguments: ["]", "  x: y: z", "- ]", "      x: {"]) func nothingIsMissedBelowAMistakeOfSyntax(
    _ mistake: String
  ) throws {
    let bench = try bench()
    let lines = Workbench.pipeline.split(separator: "\n")
    for count in 0...lines.count {
      let text = lines.prefix(count).joined(separator: "\n") + "\n" + mistake
      let found = try problems(bench, text).map(\.message)
      #expect(found.count == 1, "\(text)\n\(found)")
    }
  }

  /// Options, files, models and how they fit: none of them waits until the others are right.
  @Test func mistakesDoNotHideOneAnother() throws {
    let bench = try bench()
    try FileManager.default.removeItem(at: bench.url.appending(path: "teacher/model.safetensors"))
    let text = """
      version: 1
      task: {use: tsv, train: «no.tsv, validation: «teacher, label: intent, max_length: «99}
      teacher:
        use: «supervised-contrastive-hed
        «temprature: «0
        base: {use: bert, checkpoint: «teacher, fine_tune: {epochs: «many}}
      student: {use: bert, from_teacher_layers: [«0, 2, «9]}
      losses:
        - {use: «soft-cross-entrop, «wieght: «-1}
        - {use: «hnsw}
      layer_map: [[1, 2], [«1, 3]]
      schedule: {use: stacked, epochs_per_layer: «0}
      knowledge_base: {retriever: {use: exact}, «neigbours: «none}
      output: «teacher/config.json

      """
    let list = try problems(bench, text.replacing("«", with: ""))
    var expected = ["1:1"]  // the name is missing
    for (row, line) in text.split(separator: "\n").enumerated() {
      let parts = line.split(separator: "«", omittingEmptySubsequences: false)
      var column = 1
      for part in parts.dropLast() {
        column += part.count
        expected.append("\(row + 1):\(column)")
      }
    }
    #expect(list.map { "\($0.range.line):\($0.range.column)" } == expected, "\(Diagnostics(list))")
  }

  /// What only follows from a mistake is not told.
  @Test(arguments: [
    ("losses:", "loses:"), ("{use: tsv", "{uses: tsv"), ("version: 1\n", ""),
    ("use: supervised-contrastive-head", "use: teach"), ("from_teacher_layers: [2]", "from_teacher_layers: [0]"),
    ("checkpoint: teacher", "chekpoint: teacher"), ("train: train.tsv", "train: \"${NOWHERE_SET}/train.tsv\""),
    ("{use: bert, from", "{use: brain, from"), ("[2]", "two"), ("checkpoint: teacher, ", ""),
    ("output: runs/tiny\n", ""), ("{use: exact}", "exact"),
  ])
  func oneMistakeIsOneReport(old: String, new: String) throws {
    let list = try problems(bench(), Workbench.pipeline.replacing(old, with: new))
    #expect(list.count == 1, "\(list.map(\.message))")
  }

  /// Texts that nobody answers, and epochs that nothing compares.
  @Test(arguments: [
    (
      "{use: soft-cross-entropy}\n  - {use: relational-kl, weight: 0.5}", "{use: hard-cross-entropy}",
      "no loss reads the teacher"
    ), ("from_teacher_layers: [2]", "checkpoint: teacher", "this pipeline has no teacher"),
    ("epochs: 3", "keep: best, epochs: 3", "no texts on which epochs could be compared"),
  ]) func unlabelledTextsAndKeptEpochs(old: String, new: String, message: String) throws {
    var text = Workbench.pipeline.replacing("max_length: 16", with: "max_length: 16, unlabelled: [validation.tsv]")
      .replacing(/knowledge_base: .*\n/, with: "")
    if message.contains("has no teacher") {
      let teacher = try #require(text.firstRange(of: /teacher:\n(  .*\n)+/))
      text.removeSubrange(teacher)
      text = text.replacing(/losses:\n(  .*\n)+/, with: "losses: [{use: hard-cross-entropy}]\n")
    }
    if message.contains("epochs") { text = text.replacing(" validation: validation.tsv,", with: "") }
    let list = try problems(bench(), text.replacing(old, with: new))
    #expect(list.count == 1 && list.first?.message.contains(message) == true, "\(list.map(\.message))")
  }

  @Test func aRunMayBeGoneOnWith() throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(replacing: [("epochs: 3", "epochs: 1"), ("epochs: 4", "epochs: 1")])
    try bench.run(pipeline, into: "tiny")
    #expect(try bench.pipeline().warnings.isEmpty)
    #expect(throws: RunError.self) { try bench.run(pipeline, into: "../teacher") }
    #expect(throws: RunError.self) { try bench.run(pipeline, into: "../train.tsv/x") }
  }

  @Test func mistakesInABaseAreToldThere() throws {
    let bench = try Workbench()
    try bench.write(
      Workbench.pipeline.replacing("train: train.tsv", with: "train: \"${DATA}/train.tsv\""), to: "base.yaml")
    try bench.write("extends: base.yaml\nstudent: {use: bert, from_teacher_layers: [4]}", to: "a.yaml")
    func problems(_ data: String) throws -> [Diagnostic] {
      let error = #expect(throws: Diagnostics.self) {
        try Pipeline(file: bench.path("a.yaml"), environment: ["DATA": data], registry: try registry())
      }
      return try #require(error).list
    }
    for (data, places) in [(bench.path("nowhere"), ["a.yaml:2:44", "base.yaml:3:25"]), (".", ["a.yaml:2:44"])] {
      let list = try problems(data)
      #expect(list.map { "\($0.range)" } == places.map(bench.path))
      #expect(list.first?.message.contains("layer 4 does not exist") == true)
      #expect(list.dropFirst().allSatisfy { $0.message.contains("there is no file") })
    }
  }
}
