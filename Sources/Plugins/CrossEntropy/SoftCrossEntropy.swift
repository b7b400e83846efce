import DistillCore

/// Cross-entropy with the teacher's soft labels: −Σ softmax(t/T)·ln softmax(s/T)·T², plus λ times the loss on the true labels.
///
/// T = 1 and λ = 0 is ReAugKD's first term; a small λ is L_kd of Aguilar et al. 2020; T > 1 is the form of Hinton et al. 2015,
/// whose factor T² keeps the gradient's size. For regression: (s − t)², in the score's unit squared, without T.
public struct SoftCrossEntropy: LossTerm {
  public static let name = "soft-cross-entropy"
  public static let summary = "Cross-entropy with the teacher's soft labels, and a share of the true ones."
  public static let reference = PluginReference(
    formula: "T²·CE(softmax(t/T), softmax(s/T)) + λ·hard-cross-entropy; for regression (s − t)² + λ·(s − y)²",
    source:
      "T = 1: L_kd of Aguilar et al. 2020, whose value of λ we do not know; T²: Hinton et al. 2015, arXiv 1503.02531")

  public var hardWeight: Float = 0
  public var temperature: Float = 1

  public init(hardWeight: Float = 0, temperature: Float = 1) {
    (self.hardWeight, self.temperature) = (hardWeight, temperature)
  }
  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {
    visit("hard_weight", &hardWeight, in: .nonNegative, "λ: weight of the loss on the true labels.")
    visit("temperature", &temperature, in: .positive, "T of both softmaxes; the term is multiplied by T².")
  }

  public func reads(_ models: ModelPair, at _: LayerPair?) throws -> Reads {
    try models.requireEqualOutputs()
    return Reads(teacher: [.logits], student: [.logits])
  }

  public func loss(_ inputs: LossInputs) throws -> Tensor {
    let (teacher, student) = (try inputs.teacher[.logits], try inputs.student[.logits])
    let soft =
      student.shape.columns == 1
      ? meanSquaredError(student, teacher)
      : crossEntropy(student / temperature, probabilities: softmax(teacher / temperature)) * (temperature * temperature)
    return hardWeight == 0 ? soft : soft + hardWeight * (try taskLoss(inputs))
  }
}
