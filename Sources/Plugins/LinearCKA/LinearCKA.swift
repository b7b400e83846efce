import DistillCore

/// One minus linear centred kernel alignment of [CLS] states of mapped layers (Kornblith et al. 2019, arXiv 1905.00414):
/// 1 − ‖YᵀX‖²_F / (‖XᵀX‖_F ‖YᵀY‖_F), student X [B, H], teacher Y [B, H′], columns centred. The widths may differ.
///
/// Computed as 1 − cos(vec XXᵀ, vec YYᵀ), which is the same: B × B matrices, as B is hardly ever above the width. States that are
/// the same for every sequence, and so those of a single one, are aligned with nothing: the loss is 1, its gradient 0.
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

  /// XXᵀ with centred columns, as one row [1, B²].
  private func similarities(_ states: Tensor) -> Tensor {
    // Relative to the first sequence, equal states are exactly 0, and large common offsets cost no digits.
    let shifted = states - states.rows(0..<1).detached
    let centred = shifted - shifted.mean(axis: 0, keepingAxis: true)
    return matmul(centred, centred, transposeB: true).reshaped([1, states.shape[0] * states.shape[0]])
  }
}
