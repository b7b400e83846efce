import DistillCore

/// One minus the linear centred kernel alignment of [CLS] states of mapped layers (Kornblith et al. 2019, arXiv 1905.00414):
/// 1 − ‖YᵀX‖²_F / (‖XᵀX‖_F ‖YᵀY‖_F) for student X [B, H] and teacher Y [B, H′] with centred columns. The widths may differ.
///
/// It is calculated as 1 − cos(vec XXᵀ, vec YYᵀ), which is the same number. The matrices are then B × B, and B is hardly ever
/// greater than the width. If the states of all sequences are equal, as in a batch of one sequence, there is nothing to align:
/// the loss is 1 and its gradient is 0.
public struct LinearCKA: LossTerm {
  public static let name = "linear-cka"
  public static let summary = "1 − linear CKA between [CLS] states of mapped layers; widths may differ."
  public static let reference = PluginReference(
    formula: "1 − ‖YᵀX‖²_F / (‖XᵀX‖_F ‖YᵀY‖_F), columns centred; X and Y are [CLS] states",
    source: "Kornblith et al. 2019, arXiv 1905.00414; as a loss: ours")

  public init() {}
  public mutating func options(_ visit: inout OptionVisitor) {}

  public var scope: LossScope { .layer }
  public func reads(_ models: ModelPair, at layers: LayerPair?) throws -> Reads {
    try models.reads(Activation.classToken, at: layers, anyWidth: true)
  }

  public func loss(_ inputs: LossInputs) throws -> Tensor {
    let (student, teacher) = try inputs.states(Activation.classToken)
    return 1 - cosineSimilarity(similarities(student), similarities(teacher)).mean()
  }

  /// Returns XXᵀ for X with centred columns, as one row [1, B²].
  private func similarities(_ states: Tensor) -> Tensor {
    // Subtracting the first state makes equal states exactly 0, and avoids the loss of digits to a large common offset.
    let shifted = states - states.rows(0..<1).detached
    let centred = shifted - shifted.mean(axis: 0, keepingAxis: true)
    return matmul(centred, centred, transposeB: true).reshaped([1, states.shape[0] * states.shape[0]])
  }
}
