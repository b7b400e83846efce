import DistillCore

/// The cosine distance between [CLS] states of mapped layers: the mean over the batch of 1 − cos(s, t), or of 1 − cos²(s, t), for
/// states s, t [B, H].
///
/// Both forms are attributed to Aguilar et al. 2020 (arXiv 1910.03723), probably to two versions of the paper. The squared form
/// does not distinguish a state from its negative. The learnt map is our addition. A state of zeros has no direction, and its
/// cosine with a state that is not zero counts as ½.
public struct CLSCosine: LossTerm {
  /// The two forms of the distance.
  public enum Form: String, CaseIterable, Sendable, OptionValue { case plain, squared }

  public static let name = "cls-cosine"
  public static let summary = "Cosine distance between [CLS] states of mapped layers."
  public static let reference = PluginReference(
    formula: "plain: 1 − cos(s, t); squared: 1 − cos²(s, t); s and t are [CLS] states",
    source:
      "both forms are ascribed to Aguilar et al. 2020, arXiv 1910.03723; plain as the default and the learnt map are ours"
  )

  public var form = Form.plain
  public var project = false

  public init(form: Form = .plain, project: Bool = false) { (self.form, self.project) = (form, project) }
  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {
    visit("form", &form, "`plain` is 1 − cos, `squared` is 1 − cos².")
    visit.projection(&project)
  }

  public var scope: LossScope { .layer }
  public func reads(_ models: ModelPair, at layers: LayerPair?) throws -> Reads {
    try models.reads(Activation.classToken, at: layers, anyWidth: project)
  }
  public func parameters(_ models: ModelPair, at _: LayerPair?) -> [ParameterDefinition] {
    models.projection(if: project)
  }

  public func loss(_ inputs: LossInputs) throws -> Tensor {
    let (student, teacher) = try inputs.states(Activation.classToken)
    // 1 − cos is calculated as ½‖ŝ − t̂‖² [B], because the subtraction from 1 would lose digits for states that almost agree.
    let distance = (student.l2Normalised() - teacher.l2Normalised()).squared().sum(axis: 1) / 2
    return (form == .plain ? distance : distance * (2 - distance)).mean()
  }
}
