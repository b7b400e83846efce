import DistillCore

/// How the queries of mapped layers relate to one another (MiniLMv2, Wang et al. 2021, arXiv 2012.15828, for queries alone and with
/// the encoders' own heads): KL(Rᵗ ‖ Rˢ) in nats, R = softmax(Q Qᵀ/√d), meaned over rows, heads and sequences.
public struct QueryRelations: LossTerm {
  public static let name = "query-relations"
  public static let summary = "KL between the relations of queries of mapped layers; widths may differ."
  /// [N, H], as BERT offers them. The core does not know them, and this package does not know BERT.
  public static let queries = ActivationKind("queries", .perToken(.width), firstLayer: 1)

  public init() {}
  public mutating func options(_ visit: inout OptionVisitor) {}

  public var scope: LossScope { .layer }
  public func reads(_ models: ModelPair, at layers: LayerPair?) throws -> Reads {
    try models.requireEqualHeads()
    return try models.reads({ Activation(Self.queries, layer: $0) }, at: layers, anyWidth: true)
  }

  public func loss(_ inputs: LossInputs) throws -> Tensor {
    let (student, teacher) = try inputs.states { Activation(Self.queries, layer: $0) }
    let (heads, offsets) = (try inputs.models.student.heads, inputs.batch.offsets)
    return packedKLDivergence(
      selfRelations(teacher, heads: heads, offsets: offsets), selfRelations(student, heads: heads, offsets: offsets),
      offsets: offsets)
  }
}
