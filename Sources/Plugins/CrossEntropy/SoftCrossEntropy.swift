import DistillCore

/// The cross-entropy with the teacher's soft labels, plus λ times the loss on the true labels.
///
/// loss = −T² Σ softmax(t/T)·ln softmax(s/T) + λ·hard, in nats, mean over the batch, for logits s, t [B, C]. For a regression the
/// first part is (s − t)², in the squared unit of the score, and T has no effect. Where several labels can apply, it is the sum of the
/// binary cross-entropies of all labels, with sigmoids in the place of the softmaxes.
///
/// T = 1 and λ = 0 is the first term of ReAugKD. A small λ gives L_kd of Aguilar et al. 2020. T > 1 is the form of Hinton et al.
/// 2015, in which the factor T² preserves the magnitude of the gradient.
public struct SoftCrossEntropy: LossTerm {
  public static let name = "soft-cross-entropy"
  public static let summary = "Cross-entropy with the teacher's soft labels, and a share of the true ones."
  public static let reference = PluginReference(
    formula:
      "T²·CE(softmax(t/T), softmax(s/T)) + λ·hard-cross-entropy; for several labels σ and binary cross-entropies; for regression (s − t)² + λ·(s − y)²",
    source:
      "T = 1: L_kd of Aguilar et al. 2020, whose value of λ we do not know; T²: Hinton et al. 2015, arXiv 1503.02531")

  /// λ, the weight of the loss on the true labels.
  public var hardWeight: Float = 0
  /// T, the temperature of both softmaxes.
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
    let soft: Tensor
    if inputs.haveSeveralLabels {
      soft =
        binaryCrossEntropy(student / temperature, probabilities: sigmoid(teacher / temperature))
        * (temperature * temperature)
    } else if student.shape.columns == 1 {
      soft = meanSquaredError(student, teacher)
    } else {
      soft =
        crossEntropy(student / temperature, probabilities: softmax(teacher / temperature))
        * (temperature * temperature)
    }
    return hardWeight == 0 ? soft : soft + hardWeight * (try taskLoss(inputs))
  }
}
