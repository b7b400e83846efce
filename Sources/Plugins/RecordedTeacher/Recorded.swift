import DistillCore
import Foundation

/// The recipe of a teacher that is a file of answers: those of a large language model, an API, people, or another run.
public struct Recorded: TeacherRecipe {
  public static let name = "recorded"
  public static let summary =
    "Answers to texts from a file of JSON Lines: labels, probabilities or logits, and embeddings."
  public static let reference = PluginReference(
    formula:
      "softmax of the logits = the recorded probabilities; a label is (1 − ε)·one-hot + ε/C, ε = label_smoothing",
    source: "label smoothing: Szegedy et al. 2016, arXiv 1512.00567",
    example: "{use: recorded, file: answers.jsonl, missing: skip}")

  /// What becomes of a text to learn from that has no answer.
  public enum Missing: String, CaseIterable, Sendable, OptionValue {
    case error, skip
  }

  public var file: OptionPath = ""
  public var missing = Missing.error
  /// ε, the share of probability that a label without confidence gives to all labels alike.
  public var labelSmoothing: Float = 0
  public var members = AnswerMembers()

  public init() {}

  /// What the card calls the teacher.
  static let family = "file of answers"

  public mutating func options(_ visit: inout OptionVisitor) {
    visit(
      "file", &file, required: true, "JSON Lines with a text and its answer in each; Docs/Teachers.md has the rules.")
    visit(
      "missing", &missing,
      "What becomes of a training or unlabelled text without an answer: `error`, or `skip`, which trains without it.")
    visit(
      "label_smoothing", &labelSmoothing, in: .from(0, below: 1),
      "ε: the share of probability that a label without confidence gives to all labels alike.")
    visit.section("members", &members, "What the members of a line are called.")
  }

  public var optionsBesideCard: [String] { ["missing", "label_smoothing"] }

  public func card(in context: PipelineContext) throws -> ModelCard {
    let width = try WiringErrors.blaming("file") {
      try AnswerTable.embeddingWidth(of: file.url, member: members.embedding)
    }
    return ModelCard(readingTexts: Self.family, outputs: context.outputs, embeddingWidth: width)
  }

  public func check(in context: PipelineContext) throws {
    _ = try WiringErrors.blaming("file") { try table(in: context) }
  }

  private func table(in context: PipelineContext) throws -> AnswerTable {
    try AnswerTable(
      file.url, members: members, task: context.task, hasPairs: context.hasPairs, labelSmoothing: labelSmoothing)
  }

  public var answersEveryText: Bool { false }

  public func unanswered(among texts: [PlainText], in context: PipelineContext) throws -> UnansweredTexts {
    let table = try table(in: context)
    return UnansweredTexts(Set(texts.indices.filter { !table.contains(texts[$0]) }), areMistake: missing == .error)
  }

  public func makeTeacher(in context: PipelineContext, _ preparation: Preparation) throws -> any Teacher {
    RecordedTeacher(try table(in: context), in: context)
  }

  public func loadTeacher(from folder: URL, in context: PipelineContext) throws -> any Teacher {
    let file = RecordedTeacher.file(in: folder)
    return RecordedTeacher(try AnswerTable(file, task: context.task, hasPairs: context.hasPairs), in: context)
  }
}
