import DistillCore

/// Patient knowledge distillation (Sun et al. 2019, arXiv 1908.09355): the squared error between normalised [CLS] states of
/// mapped layers, 1/(B·H) Σ ‖s/‖s‖ − t/‖t‖‖² for states s, t [B, H].
///
/// It equals 2/H times `cls-cosine`. The mean over the width is from the authors' code. The learnt map is our addition.
public struct PatientKD: LossTerm {
  public static let name = "pkd"
  public static let summary = "Squared error between normalised [CLS] states of mapped layers."
  public static let reference = PluginReference(
    formula: "1/(B·H) Σ ‖s/‖s‖ − t/‖t‖‖²; s and t are [CLS] states",
    source: "PKD, Sun et al. 2019, arXiv 1908.09355; the learnt map is ours")

  /// Whether the student's states are multiplied by a learnt map. Without it the widths must be equal.
  public var project = false

  public init(project: Bool = false) { self.project = project }
  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) { visit.projection(&project) }

  public var scope: LossScope { .layer }
  public func reads(_ models: ModelPair, at layers: LayerPair?) throws -> Reads {
    try models.reads(Activation.classToken, at: layers, anyWidth: project)
  }
  public func parameters(_ models: ModelPair, at _: LayerPair?) -> [ParameterDefinition] {
    models.projection(if: project)
  }

  public func loss(_ inputs: LossInputs) throws -> Tensor {
    let (student, teacher) = try inputs.states(Activation.classToken)
    return meanSquaredError(student.l2Normalised(), teacher.l2Normalised())
  }
}
