import DistillCore

/// The loss of MiniLM (Wang et al. 2020, arXiv 2002.10957): the divergence of the last layer's attention and value relations.
///
/// The loss is the mean over sequences, heads and rows of KL(Aᵗ ‖ Aˢ) + KL(Rᵗ ‖ Rˢ), in nats, with A = softmax(Q Kᵀ/√d) before
/// dropout and R = softmax(V Vᵀ/√d), where d is the width of a head in the respective model. The widths may differ, but the
/// numbers of heads must be equal.
///
/// Both divergences are from the authors' code. It is our reading that the mean over sequences comes last, which gives long and
/// short sequences the same weight. Layers other than the last are our addition.
public struct MiniLMRelations: LossTerm {
  public static let name = "minilm-relations"
  public static let summary = "KL between rows of the last layers' attention and value relations; widths may differ."
  public static let reference = PluginReference(
    formula: "KL(Aᵗ ‖ Aˢ) + KL(Rᵗ ‖ Rˢ), mean over rows, heads, sequences; A = softmax(QKᵀ/√d), R = softmax(VVᵀ/√d)",
    source: "MiniLM, Wang et al. 2020, arXiv 2002.10957; the mean over sequences is our reading")

  /// The layer of the teacher, counted from 1, or `nil` for the last.
  public var teacherLayer: Int?
  /// The layer of the student, counted from 1, or `nil` for the last.
  public var studentLayer: Int?

  public init(teacherLayer: Int? = nil, studentLayer: Int? = nil) {
    (self.teacherLayer, self.studentLayer) = (teacherLayer, studentLayer)
  }
  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {
    visit("teacher_layer", &teacherLayer, in: .atLeast(1), "Layer to learn from. Default: the last.")
    visit("student_layer", &studentLayer, in: .atLeast(1), "Layer that learns. Default: the last.")
  }

  public func reads(_ models: ModelPair, at _: LayerPair?) throws -> Reads {
    let (teacher, student) = (try models.requireTeacher(), models.student)
    try models.requireEqualHeads()
    func reads(_ layer: Int) -> Set<Activation> { [.attention(layer: layer), .values(layer: layer)] }
    return Reads(teacher: reads(teacherLayer ?? teacher.layers), student: reads(studentLayer ?? student.layers))
  }

  public func loss(_ inputs: LossInputs) throws -> Tensor {
    let offsets = inputs.batch.offsets
    let teacher = try Rows(
      inputs.teacher, teacherLayer ?? inputs.models.requireTeacher().layers, offsets)
    let student = try Rows(inputs.student, studentLayer ?? inputs.models.student.layers, offsets)
    return packedKLDivergence(teacher.attention, student.attention, offsets: offsets)
      + packedKLDivergence(teacher.relations, student.relations, offsets: offsets)
  }
}

/// The packed rows of one model that the loss compares with those of the other.
private struct Rows {
  let attention: Tensor
  let relations: Tensor

  init(_ response: Response, _ layer: Int, _ offsets: [Int]) throws {
    // The number of heads is not part of the response. It follows from the number of probabilities.
    let oneHead = AttentionLayout(heads: 1, queryOffsets: offsets, keyOffsets: offsets)
    attention = try response[.attention(layer: layer)]
    relations = selfRelations(
      try response[.values(layer: layer)], heads: attention.count / oneHead.probabilityCount, offsets: offsets)
  }
}
