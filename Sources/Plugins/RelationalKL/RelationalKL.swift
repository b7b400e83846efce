import DistillCore

/// The relational loss of ReAugKD (Zhang et al., ACL 2023). It makes the relations of the student's embeddings to the teacher's
/// embeddings equal to the relations among the teacher's embeddings.
///
/// loss = 1/B Σᵢ KL(qᵢ ‖ q̄ᵢ), in nats, with q_ij = softmax_j(zᵢ·z_j/τ) and q̄_ij = softmax_j(xᵢ·z_j/τ), where the teacher's
/// embeddings z and the student's embeddings x, both [B, D], are normalised to length 1.
///
/// The normalisation, the form of q and q̄, and the direction of the divergence are our reading of the paper. We chose τ.
public struct RelationalKL: LossTerm {
  public static let name = "relational-kl"
  public static let summary = "KL between in-batch relations: teacher to teacher against student to teacher."
  public static let reference = PluginReference(
    formula:
      "1/B Σᵢ KL(qᵢ ‖ q̄ᵢ); q_ij = softmax_j(zᵢ·z_j/τ), q̄_ij = softmax_j(xᵢ·z_j/τ); teacher z and student x of length 1",
    source: "ReAugKD, Zhang et al., ACL 2023: the two sets of relations; form, direction and τ are our reading or ours")

  /// τ, the temperature of both softmaxes.
  public var temperature: Float = 0.1
  /// Whether the relation of a sequence to itself is left out.
  public var excludeSelf = false

  public init(temperature: Float = 0.1, excludeSelf: Bool = false) {
    (self.temperature, self.excludeSelf) = (temperature, excludeSelf)
  }
  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {
    visit("temperature", &temperature, in: .positive, "τ: softmax temperature over cosine similarities.")
    visit("exclude_self", &excludeSelf, "Leave j = i out of the sums.")
  }

  public func reads(_ models: ModelPair, at _: LayerPair?) throws -> Reads {
    let teacher = try models.requireTeacher()
    try teacher.check(.embedding, of: "teacher")
    guard teacher.embeddingWidth == models.student.embeddingWidth else {
      throw WiringError(
        "the teacher's embedding has width \(teacher.embeddingWidth) and the student's \(models.student.embeddingWidth)",
        option: "use", hint: "wrap the teacher in a `supervised-contrastive-head`, which projects it")
    }
    return Reads(teacher: [.embedding], student: [.embedding])
  }

  public func loss(_ inputs: LossInputs) throws -> Tensor {
    let z = try inputs.teacher[.embedding].l2Normalised()  // [B, D]
    let x = try inputs.student[.embedding].l2Normalised()  // [B, D]
    let mask = excludeSelf ? .identity(z.shape[0]) * -1e9 : Tensor(0)
    let q = softmax(matmul(z, z, transposeB: true) / temperature + mask)
    let logStudent = logSoftmax(matmul(x, z, transposeB: true) / temperature + mask)
    return klDivergence(q, logProbabilities: logStudent)
  }
}
