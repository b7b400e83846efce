import DistillBERT
import DistillCore
import DistillPipeline
import Foundation
import Testing

/// What names a run and a prepared teacher: every ingredient changes the name, and nothing else does.
struct ProvenanceTests {
  struct Change: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let (run, teacher): (Bool, Bool)
    var options: [(path: String, value: String)] = []
    var prepare: @Sendable (Workbench) throws -> Void = { _ in }

    init(
      _ name: String, run: Bool, teacher: Bool, _ options: [(path: String, value: String)] = [],
      prepare: @escaping @Sendable (Workbench) throws -> Void = { _ in }
    ) {
      (testDescription, self.run, self.teacher, self.options, self.prepare) = (name, run, teacher, options, prepare)
    }
  }

  private static func flip(_ file: String, _ bench: Workbench) throws {
    var bytes = try bench.data(file)
    bytes[bytes.count - 20] ^= 1
    try bytes.write(to: bench.url.appending(path: file))
  }

  static let changes =
    [
      Change("nothing", run: false, teacher: false),
      Change("another output", run: false, teacher: false, [("output", "elsewhere")]),
      Change("files for TensorBoard", run: false, teacher: false, [("tensorboard", "true")]),
      Change("a file beside the weights that nobody reads", run: false, teacher: false) {
        try $0.write("about this model", to: "teacher/README.md")
      },
      Change(
        "another spelling of a path", run: false, teacher: false, [("teacher.base.checkpoint", "./runs/../teacher")]),
      Change("the checkpoint elsewhere", run: false, teacher: false, [("teacher.base.checkpoint", "moved")]) {
        try FileManager.default.moveItem(atPath: $0.path("teacher"), toPath: $0.path("moved"))
      },
      Change("the texts elsewhere", run: false, teacher: false, [("task.train", "moved.tsv")]) {
        try FileManager.default.moveItem(atPath: $0.path("train.tsv"), toPath: $0.path("moved.tsv"))
      },
      Change("name", run: true, teacher: false, [("name", "other")]),
      Change("a loss's weight", run: true, teacher: false, [("losses[1].weight", "0.4")]),
      Change("a loss's option", run: true, teacher: false, [("losses[1].temperature", "0.2")]),
      Change("the student's layers", run: true, teacher: false, [("student.from_teacher_layers", "[1]")]),
      Change("the student's embedding", run: true, teacher: false, [("student.readout", "mean")]),
      Change("epochs", run: true, teacher: false, [("training.epochs", "2")]),
      Change("micro-batches", run: true, teacher: false, [("training.micro_batch_size", "3")]),
      Change("beta", run: true, teacher: false, [("knowledge_base.beta", "0.25")]),
      Change("retriever", run: true, teacher: false, [("knowledge_base.retriever.use", "hnsw")]),
      Change("what stands for a sequence", run: true, teacher: true, [("teacher.base.readout", "mean")]),
      Change("fine-tuning", run: true, teacher: true, [("teacher.base.fine_tune.epochs", "2")]),
      Change("the head", run: true, teacher: true, [("teacher.temperature", "0.1")]),
      Change("the head's width, which follows the student's", run: true, teacher: true) {
        try $0.write(
          Workbench.pipeline.replacing("{use: bert, from_teacher_layers: [2]}", with: wide), to: "pipeline.yaml")
      },
      Change("seed", run: true, teacher: true, [("training.seed", "1")]),
      Change("length", run: true, teacher: true, [("task.max_length", "12")]),
      Change("held-out texts", run: true, teacher: true, [("task.hold_out", "0.1")]),
      Change("a training text", run: true, teacher: true) {
        try $0.write(Workbench.intents(60, key: RandomKey(1)).replacing("please", with: "coffee"), to: "train.tsv")
      },
      Change("a label", run: true, teacher: true) {
        let text = Workbench.intents(60, key: RandomKey(1))
        try $0.write(text.dropLast("track\n".count) + "cancel\n", to: "train.tsv")
      },
      Change("a validation text", run: true, teacher: false) {
        try $0.write(Workbench.intents(23, key: RandomKey(2)), to: "validation.tsv")
      },
      Change("what selects the epoch", run: true, teacher: true, [("training.keep", "best")]),
      Change("an unlabelled text", run: true, teacher: false, [("task.unlabelled", "[validation.tsv]")]),
      Change("a weight", run: true, teacher: true) { try flip("teacher/model.safetensors", $0) },
      Change("the configuration", run: true, teacher: true) {
        let text = String(decoding: try $0.data("teacher/config.json"), as: UTF8.self)
        try $0.write(text.replacing("0.1", with: "0.2"), to: "teacher/config.json")
      },
      Change("the vocabulary", run: true, teacher: true) {
        let text = String(decoding: try $0.data("teacher/vocab.txt"), as: UTF8.self)
        try $0.write(text.replacing("coffee", with: "cocoa"), to: "teacher/vocab.txt")
      },
    ]
    + (Precision.bfloat16.isAvailable
      ? [Change("precision", run: true, teacher: true, [("precision", "bfloat16")])] : [])

  private static let wide = "{use: bert, random: {layers: 1, hidden_size: 24, heads: 2, intermediate_size: 24}}"

  private func names(_ bench: Workbench, _ options: [(path: String, value: String)]) throws -> (
    run: String, teacher: String
  ) {
    let pipeline = try Pipeline(file: bench.path("pipeline.yaml"), overrides: options, registry: try registry())
    let texts = try pipeline.options.texts()
    let teacher = try pipeline.teacherProvenance(try #require(pipeline.options.teacher), texts)
    return (try pipeline.provenance(texts).digest, teacher.digest)
  }

  @Test(arguments: changes) func everyIngredientCounts(change: Change) throws {
    let bench = try Workbench()
    let before = try names(bench, [])
    try change.prepare(bench)
    for threads in [1, 2] {
      let after = try Compute.$threads.withValue(threads) { try names(bench, change.options) }
      #expect((after.run != before.run) == change.run, "of the run")
      #expect((after.teacher != before.teacher) == change.teacher, "of the teacher")
    }
  }

  @Test func differencesAreToldByEntry() {
    let before = Provenance(["options.a": "1", "files.teacher/model": "x", "texts.training": "y", "gone": "z"])
    let after = Provenance([
      "options.a": "2", "files.teacher/model": "w", "texts.training": "v", "files.student/new": "u",
    ])
    #expect(
      after.differences(since: before) == [
        "student/new is new", "the contents of teacher/model changed", "gone: z before, nothing now",
        "options.a: 1 before, 2 now", "the text of training changed",
      ])
    #expect(after.differences(since: after).isEmpty && before.digest != after.digest)
  }

  /// A plugin that names no sources is named by all files below its paths.
  @Test func aStrangersTeacherIsNamedByItsFiles() throws {
    let bench = try Workbench()
    var teacher = StrangersTeacher()
    teacher.folder = OptionPath(bench.path("teacher"))
    let before = try Provenance(of: teacher, at: "teacher")
    #expect(before["options.teacher.strength"] == "1.0")
    #expect(
      before.entries.keys.filter { $0.hasPrefix("files.") }.sorted() == [
        "files.teacher.folder/config.json", "files.teacher.folder/model.safetensors", "files.teacher.folder/vocab.txt",
      ])
    try bench.write("more", to: "teacher/state.bin")
    let after = try Provenance(of: teacher, at: "teacher")
    #expect(after.differences(since: before) == ["teacher.folder/state.bin is new"])
    teacher.strength = 2
    #expect(try Provenance(of: teacher, at: "teacher") != after)
  }
}

private struct StrangersTeacher: Configurable {
  var folder: OptionPath = ""
  var strength: Float = 1
  mutating func options(_ visit: inout OptionVisitor) {
    visit("folder", &folder, "Its files.")
    visit("strength", &strength, "Its strength.")
  }
}
