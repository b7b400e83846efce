import DistillCore
import Foundation

/// The recipe of a teacher that is the mean of several others, its members.
public struct Ensemble: TeacherRecipe {
  public static let name = "ensemble"
  public static let summary = "Several teachers of any kind, whose answers are averaged."
  public static let reference = PluginReference(
    formula:
      "probabilities: ln Σ w_m·softmax(t_m); logits: Σ w_m·t_m; embedding: [√w_m·e_m/‖e_m‖] side by side, whose inner products are "
      + "the means of the members' cosines",
    source: "mean of probabilities: Hinton et al. 2015, arXiv 1503.02531; the embedding is ours",
    example:
      "{use: ensemble, of: [{use: bert, checkpoint: FOLDER, fine_tune: {}}, {use: recorded, file: answers.jsonl}]}")

  /// What is averaged.
  public enum Average: String, CaseIterable, Sendable, OptionValue {
    case probabilities, logits
  }

  /// The members.
  public var of: [EnsembleMember] = []
  public var weights = MemberWeights.uniform
  public var average = Average.probabilities

  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {
    visit.sections("of", &of, required: true, "The members, each a teacher with its options.")
    visit(
      "weights", &weights,
      "What each member counts: `uniform`; `fitted`, which minimises the loss of the mean on texts of `task.hold_out` that nothing "
        + "else is chosen by; or a list of numbers, which are divided by their sum.")
    visit(
      "average", &average,
      "`probabilities`: the arithmetic mean; `logits`: the geometric mean of the probabilities, but for a factor. Scores of a "
        + "regression are averaged in both cases.")
    if of.count < 2 { visit.reject("of", "an ensemble has two members at least") }
    if case .given(let list) = weights, list.count != of.count {
      visit.reject("weights", "has \(list.count) numbers for \(of.count) members", given: ["of"])
    }
    if weights == .fitted, average == .logits {
      visit.reject(
        "weights", "are fitted to the mean of probabilities", hint: "leave `average` out", given: ["average"])
    }
  }

  public var optionsBesideCard: [String] { ["weights", "average"] }

  private func recipes() throws -> [any TeacherRecipe] {
    try of.map {
      guard let teacher = $0.teacher else { throw WiringError("has a member that is no teacher", option: "of") }
      return teacher
    }
  }

  public func card(in context: PipelineContext) throws -> ModelCard {
    let cards = try recipes().enumerated().map { index, recipe in
      try WiringErrors.blaming("of[\(index)]") {
        let card = try recipe.card(in: context)
        try card.check(.logits, of: "member")
        return card
      }
    }
    return Self.card(of: cards)
  }

  static func card(of cards: [ModelCard]) -> ModelCard {
    ModelCard(
      readingTexts: "mean of teachers", outputs: cards[0].outputs,
      embeddingWidth: cards.filter(\.hasEmbedding).reduce(0) { $0 + $1.embeddingWidth },
      maximumLength: cards.map(\.maximumLength).min() ?? .max, parameters: cards.reduce(0) { $0 + $1.parameters })
  }

  public var answersEveryText: Bool { of.allSatisfy { $0.teacher?.answersEveryText ?? true } }

  public func unanswered(among texts: [PlainText], in context: PipelineContext) throws -> UnansweredTexts {
    try recipes().filter { !$0.answersEveryText }.reduce(into: UnansweredTexts()) { all, recipe in
      let own = try recipe.unanswered(among: texts, in: context)
      all.positions.formUnion(own.positions)
      all.areMistake = all.areMistake || own.areMistake && !own.positions.isEmpty
    }
  }

  public var choosesOnHeldOut: Bool { weights == .fitted || of.contains { $0.teacher?.choosesOnHeldOut ?? false } }

  public func makeTeacher(in context: PipelineContext, _ preparation: Preparation) throws -> any Teacher {
    let members = try recipes().enumerated().map { try preparation.member($0 + 1, $1, in: context) }
    var shares = [Double](repeating: 1 / Double(members.count), count: members.count)
    if case .given(let list) = weights { shares = list.map { Double($0) / list.reduce(0) { $0 + Double($1) } } }
    let teacher = EnsembleTeacher(members, shares, average, in: context)
    guard weights == .fitted else { return teacher }
    guard let data = try preparation.data(for: teacher.tokenizer).heldOut, data.count > 0 else {
      throw ContractError("there are no held-out texts that the weights of the ensemble could be fitted to")
    }
    return try teacher.fitted(to: data)
  }

  public func loadTeacher(from folder: URL, in context: PipelineContext) throws -> any Teacher {
    let members = try recipes().enumerated().map {
      try $1.loadTeacher(from: EnsembleTeacher.folder(of: $0, in: folder), in: context)
    }
    return try EnsembleTeacher(members, average, written: folder, in: context)
  }
}

/// A member of an ensemble.
public struct EnsembleMember: Configurable, Sendable {
  /// The recipe of the teacher.
  public var teacher: (any TeacherRecipe)?

  public init() {}
  public init(_ teacher: any TeacherRecipe) { self.teacher = teacher }

  public mutating func options(_ visit: inout OptionVisitor) { visit.use(&teacher, "The teacher.") }
}

extension ModelCard {
  var hasEmbedding: Bool { activations.contains(.embedding) }
}
