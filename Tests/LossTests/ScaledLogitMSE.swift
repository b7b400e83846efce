import DistillCore
import DistillTestKit
import Testing

/// Mean squared difference of the logits (Ba and Caruana 2014).
public struct ScaledLogitMSE: LossTerm {
  public static let name = "scaled-logit-mse"
  public static let summary = "Squared difference of logits, the teacher's scaled."
  public static let reference = PluginReference(formula: "mean (s − t)²", source: "Ba and Caruana 2014")  // optional
  public var scale: Float = 1
  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {
    visit("scale", &scale, in: .positive, "Factor on the teacher's logits.")
  }
  public func reads(_ models: ModelPair, at _: LayerPair?) throws -> Reads {
    try models.requireEqualOutputs()
    return try models.reads([.logits])
  }
  public func loss(_ inputs: LossInputs) throws -> Tensor {
    try meanSquaredError(inputs.student[.logits], inputs.teacher[.logits] * scale)
  }
}

/// The loss that `README.md` quotes, and its test in `Docs/Losses.md`.
struct ScaledLogitMSETests {
  @Test func conforms() throws { try LossTermConformance(ScaledLogitMSE(), atTeacher: .zero).check() }

  @Test func equalsANumberByHand() throws {
    var term = ScaledLogitMSE()
    term.scale = 2
    let inputs = LossInputs(
      teacher: Response([.logits: Tensor([1, 2], [1, 2])]), student: Response([.logits: Tensor([1, 5], [1, 2])]),
      batch: TokenBatch([TokenSequence(ids: [0], typeIDs: [0])], examples: [0]))
    #expect(try term.loss(inputs).scalar == 1)  // ((1 − 2)² + (5 − 4)²)/2
  }
}
