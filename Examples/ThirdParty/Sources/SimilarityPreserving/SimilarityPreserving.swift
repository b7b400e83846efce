import DistillCore

/// Which texts of a batch are alike, to the student as to the teacher (Tung and Mori 2019, arXiv 1907.09682, eq. 2 to 4):
/// ‖G(s) − G(t)‖²_F / B², where G(x) = x·xᵀ with rows of length 1; embeddings s [B, D], t [B, D′], of any widths.
public struct SimilarityPreserving: LossTerm {
  public static let name = "similarity-preserving"
  public static let summary = "Squared error between the teacher's and the student's similarities within a batch."

  public init() {}
  public mutating func options(_ visit: inout OptionVisitor) {}

  public func reads(_ models: ModelPair, at _: LayerPair?) throws -> Reads { try models.reads([.embedding]) }

  public func loss(_ inputs: LossInputs) throws -> Tensor {
    meanSquaredError(similarities(try inputs.student[.embedding]), similarities(try inputs.teacher[.embedding]))
  }

  /// [B, D] → [B, B]
  private func similarities(_ x: Tensor) -> Tensor { matmul(x, x, transposeB: true).l2Normalised() }
}
