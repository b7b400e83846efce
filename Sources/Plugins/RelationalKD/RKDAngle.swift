import DistillCore

/// Relational knowledge distillation by angles (Park et al. 2019, arXiv 1904.05068).
///
/// The loss is the mean over all B³ triplets of smooth L1 between the cosines of student and teacher,
/// cos∠(xⱼ, xᵢ, x_k) = e_ij·e_ik with e_ij = (xⱼ − xᵢ) / ‖xⱼ − xᵢ‖, for embeddings [B, D]. The widths may differ.
///
/// Embeddings that coincide have no direction, so e = 0. If two embeddings are closer than 10⁻⁴ of the root mean square length of
/// the embeddings, e shrinks to 0 with their distance. This is our addition: without it, the direction between duplicates in a
/// batch would be random and their gradients unbounded.
public struct RKDAngle: LossTerm {
  public static let name = "rkd-angle"
  public static let summary = "Smooth L1 between the cosines of all triplets of embeddings."
  public static let reference = PluginReference(
    formula: "smooth L1 of cos∠(xⱼ, xᵢ, x_k), mean over B³ triplets",
    source: "RKD, Park et al. 2019, arXiv 1904.05068; there it weighs twice as much as rkd-distance")

  public init() {}
  public mutating func options(_ visit: inout OptionVisitor) {}

  public func reads(_ models: ModelPair, at _: LayerPair?) throws -> Reads { try models.reads([.embedding]) }

  public func loss(_ inputs: LossInputs) throws -> Tensor {
    smoothL1(cosines(try inputs.student[.embedding]), cosines(try inputs.teacher[.embedding]))
  }

  /// Returns the cosines of all triplets: [B, D] → [B², B].
  private func cosines(_ embeddings: Tensor) -> Tensor {
    let length = embeddings.detached.l2Norms().squared().mean().scalar.squareRoot()
    return differences(embeddings) {
      let directions = $0.l2Normalised(epsilon: max(1e-4 * length, 1e-12))
      return matmul(directions, directions, transposeB: true)
    }
  }
}
