import DistillBERT
import DistillCore
import DistillCrossEntropy
import DistillPipeline
import Foundation
import Testing

/// A teacher of somebody else, with whom something goes wrong when it is made.
private struct Meddling: TeacherRecipe {
  static let name = "meddling"
  static let summary = "For these tests."
  /// A file that is changed when the base has read it.
  @TaskLocal static var exchanged: URL?
  @TaskLocal static var untrained: Set<Activation> = []
  var base: (any TeacherRecipe)?

  mutating func options(_ visit: inout OptionVisitor) { visit.plugin("base", &base, required: true, "The teacher.") }
  private func required() throws -> any TeacherRecipe { try #require(base) }
  func card(in context: PipelineContext) throws -> ModelCard { try required().card(in: context) }

  func makeTeacher(in context: PipelineContext, _ preparation: Preparation) throws -> any Teacher {
    let base = try required().makeTeacher(
      in: context,
      Preparation(trainer: preparation.trainer) {
        if let file = Self.exchanged { try (Data(contentsOf: file) + [10]).write(to: file) }
        return try preparation.data(for: $0)
      })
    return Made(base: base, untrained: Self.untrained)
  }

  func loadTeacher(from folder: URL, in context: PipelineContext) throws -> any Teacher {
    try required().loadTeacher(from: folder, in: context)
  }

  private struct Made: Teacher {
    let base: any Teacher
    let untrained: Set<Activation>
    var card: ModelCard { base.card }
    var tokenizer: any Tokenizer { base.tokenizer }
    func respond(to batch: TokenBatch, with activations: Set<Activation>) throws -> Response {
      try base.respond(to: batch, with: activations)
    }
    func write(to folder: URL) throws { try base.write(to: folder) }
  }
}

struct PreparationTests {
  private static func run(_ bench: Workbench) throws {
    let plugins: [(kind: String, type: any Plugin.Type)] = [
      ("teacher", Meddling.self), ("teacher", BERTTeacher.self), ("student", BERTStudent.self),
      ("loss", SoftCrossEntropy.self),
    ]
    let registry = try PluginRegistry(
      plugins.map { CompiledPlugin(kind: $0.kind, name: $0.type.name, type: $0.type) }, kinds: PluginKind.pipeline)
    try bench.write(
      """
      version: 1
      name: meddling
      task: {use: tsv, train: train.tsv, label: intent, max_length: 16}
      teacher: {use: meddling, base: {use: bert, checkpoint: teacher, fine_tune: {epochs: 1}}}
      student: {use: bert, from_teacher_layers: [2]}
      losses: [{use: soft-cross-entropy}]
      training: {epochs: 1}
      output: runs/meddling
      """, to: "meddling.yaml")
    _ = try PipelineRun(Pipeline(file: bench.path("meddling.yaml"), registry: registry)).run()
  }

  @Test func aTeacherThatNothingTrainedIsRefused() throws {
    let bench = try Workbench()
    let error = #expect(throws: ContractError.self) {
      try Meddling.$untrained.withValue([.logits]) { try Self.run(bench) }
    }
    #expect(
      error?.description
        == "the teacher's logits would come from weights that nothing has trained; "
        + "add `fine_tune:` to it, or train for more steps if it is there")
    #expect(!bench.exists("runs/meddling/teacher"))
  }

  /// A teacher goes by the name of its files as they were; it is not trained on others.
  @Test func filesExchangedWhileTheyAreReadAreNoticed() throws {
    let bench = try Workbench()
    let config = bench.url.appending(path: "teacher/config.json")
    let error = #expect(throws: RunError.self) {
      try Meddling.$exchanged.withValue(config) { try Self.run(bench) }
    }
    #expect("\(try #require(error))".contains("the contents of teacher.base.checkpoint/config.json changed"))
    #expect(!bench.exists("runs/meddling/teacher"))
    try Self.run(Workbench())  // as it goes when nobody meddles
  }
}
