import DistillCore
import Foundation

/// The recipe of ReAugKD's teacher (Zhang et al., ACL 2023, step 1).
///
/// A linear map from the teacher's embedding to the width of the student's is trained with the supervised contrastive loss, while
/// the teacher itself is frozen.
public struct SupervisedContrastiveHead: TeacherRecipe {
  public static let name = "supervised-contrastive-head"
  public static let summary =
    "Wraps a teacher and projects its embedding to the student's width, trained with supervised contrastive loss."
  public static let reference = PluginReference(
    formula:
      "mean over i of −1/|P(i)| Σ_{p ∈ P(i)} [zᵢ·z_p/τ − ln Σ_{a ≠ i} exp(zᵢ·z_a/τ)]; z of length 1, P(i) the others of i's class",
    source: "ReAugKD, Zhang et al., ACL 2023, step 1; the loss is that of Khosla et al. 2020, arXiv 2004.11362")

  /// The recipe of the teacher under the head.
  public var base: (any TeacherRecipe)?
  /// The width of the new embedding, or `nil` for that of the student's embedding.
  public var width: Int?
  public var temperature: Float = 0.07
  /// The number of intervals that scores are divided into. Scores in the same interval count as one class.
  public var regressionBins = 5
  public var fit = TrainingOptions(epochs: 5, learningRate: 1e-3)

  public init() {
    fit.batchSize = 128
    fit.weightDecay = 0
  }

  public mutating func options(_ visit: inout OptionVisitor) {
    visit.plugin("base", &base, required: true, "The teacher under the head.")
    visit("width", &width, in: .between(1, 65_536), "Width of the projected embedding. Default: the student's.")
    visit(
      "temperature", &temperature, in: .positive, "τ of the contrastive loss; 0.07 is that of Khosla et al.'s code.")
    visit(
      "regression_bins", &regressionBins, in: .atLeast(2),
      "For regression: scores in the same of so many equal stretches of the range count as one class (ours).")
    visit.section("fit", &fit, "How the head is trained. The values are ours; the paper's are not known.")
  }

  public var optionsBesideCard: [String] { ["temperature", "regression_bins", "fit"] }

  public func card(in context: PipelineContext) throws -> ModelCard {
    var card = try WiringErrors.blaming("base") { try requiredBase().card(in: context) }
    if let width, let student = try context.student, student.embeddingWidth != width {
      throw WiringError(
        "projects to width \(width), and the student's embedding has \(student.embeddingWidth)", option: "width",
        hint: "leave `width` out: it is then the student's")
    }
    try WiringErrors.blaming("base") { try card.check(.embedding, of: "teacher") }
    card.embeddingWidth = try width(over: card, in: context)
    return card
  }

  /// Returns the width of the new embedding. Without a student, it is that of the teacher.
  private func width(over base: ModelCard, in context: PipelineContext) throws -> Int {
    try width ?? context.student?.embeddingWidth ?? base.embeddingWidth
  }

  public func makeTeacher(in context: PipelineContext, _ preparation: Preparation) throws -> any Teacher {
    let base = try requiredBase().makeTeacher(in: context, preparation)
    let head = try ParameterStore(
      ContrastiveHeadTeacher.layout(over: base, width: width(over: base.card, in: context)))
    // The variance of the weights is 1 / D_teacher, so that the map keeps the length of a vector on average. The bias stays 0.
    head["weight"].assign(
      Tensor(
        normal: head["weight"].shape, standardDeviation: 1 / Float(base.card.embeddingWidth).squareRoot(),
        key: context.key.child("projection-head")))
    let data = try preparation.data(for: base.tokenizer).training
    try preparation.trainer.fit(
      HeadFitting(head, over: base, data: data, options: self), options: fit, phase: "teacher: contrastive head")
    return ContrastiveHeadTeacher(base, head: Weights(head))
  }

  public var answersEveryText: Bool { base?.answersEveryText ?? true }
  public var choosesOnHeldOut: Bool { base?.choosesOnHeldOut ?? false }

  public func unanswered(among texts: [PlainText], in context: PipelineContext) throws -> UnansweredTexts {
    try requiredBase().unanswered(among: texts, in: context)
  }

  public var hasBase: Bool { base?.hasBase ?? false }
  public func makeBase(in context: PipelineContext) throws -> (any Teacher)? { try base?.makeBase(in: context) }

  public func loadTeacher(from folder: URL, in context: PipelineContext) throws -> any Teacher {
    let base = try requiredBase().loadTeacher(from: folder, in: context)
    return try ContrastiveHeadTeacher(base, width: width(over: base.card, in: context), written: folder)
  }

  private func requiredBase() throws -> any TeacherRecipe {
    guard let base else { throw WiringError("has no teacher to wrap") }
    return base
  }
}
