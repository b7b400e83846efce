import DistillCore

/// The [CLS] states of mapped layers should point the same way: mean over the batch of 1 − cos(s, t), or of 1 − cos²(s, t), with
/// states s, t [B, H].
///
/// Both forms are ascribed to Aguilar et al. 2020 (arXiv 1910.03723), probably to two versions of it. The squared one does not
/// see a sign. The learnt map is ours. A state of zeros, which has no direction, has the cosine ½.
public struct CLSCosine: LossTerm {
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
    // 1 − cos = ½‖ŝ − t̂‖² [B], which keeps its digits where the two agree.
    let distance = (student.l2Normalised() - teacher.l2Normalised()).squared().sum(axis: 1) / 2
    return (form == .plain ? distance : distance * (2 - distance)).mean()
  }
}
