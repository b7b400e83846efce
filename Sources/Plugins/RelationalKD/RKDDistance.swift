import DistillCore

/// Relational knowledge distillation by distances (Park et al. 2019, arXiv 1904.05068).
///
/// The loss is the mean over all B² pairs of smooth L1 between the distances of student and teacher, d_ij = ‖xᵢ − xⱼ‖ / μ, for
/// embeddings [B, D]. μ is the mean of all distances above 0. The widths may differ.
///
/// As in the authors' code, the mean includes the diagonal, and the gradient flows through the student's μ. If no distance is
/// above 0, as in a batch of one sequence, every d is 0. In the paper this loss has half the weight of `rkd-angle`.
public struct RKDDistance: LossTerm {
  public static let name = "rkd-distance"
  public static let summary = "Smooth L1 between the pairwise distances of embeddings, each in units of its mean."
  public static let reference = PluginReference(
    formula: "smooth L1 of ‖xᵢ − xⱼ‖/μ, mean over B² pairs; μ is the mean distance above 0",
    source: "RKD, Park et al. 2019, arXiv 1904.05068")

  public init() {}
  public mutating func options(_ visit: inout OptionVisitor) {}

  public func reads(_ models: ModelPair, at _: LayerPair?) throws -> Reads { try models.reads([.embedding]) }

  public func loss(_ inputs: LossInputs) throws -> Tensor {
    smoothL1(distances(try inputs.student[.embedding]), distances(try inputs.teacher[.embedding]))
  }

  /// Returns the distances of all pairs: [B, D] → [B², 1].
  private func distances(_ embeddings: Tensor) -> Tensor {
    let distances = differences(embeddings) { $0.l2Norms() }
    let positive = distances.values.count { $0 > 0 }
    return positive == 0 ? distances : distances / (distances.sum() / Float(positive))
  }
}

/// Calls `body` with the differences [B, D] between all embeddings and each one of them, and concatenates the B results.
func differences(_ embeddings: Tensor, _ body: (Tensor) -> Tensor) -> Tensor {
  concatenatedRows((0..<embeddings.shape[0]).map { body(embeddings - embeddings.rows($0..<$0 + 1)) })
}
