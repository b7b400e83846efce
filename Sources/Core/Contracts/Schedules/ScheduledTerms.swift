/// The parts of a pipeline that a schedule works with.
public struct ScheduledTerms: Sendable {
  /// The pairs of layers, in the order of the student's layers. Empty if no term is layer-wise.
  public let layerMap: [LayerPair]
  /// The names of the terms with ``LossScope/layer``, as in ``StepReport/figures`` but without the layer.
  public let layerTerms: [String]
  /// The names of the terms with ``LossScope/output``, as in ``StepReport/figures``.
  public let outputTerms: [String]
  /// Those of the ``outputTerms`` that read the student's logits.
  public let logitTerms: [String]
  /// The number of epochs of the whole training.
  public let epochs: Int

  public init(
    layerMap: [LayerPair], layerTerms: [String], outputTerms: [String], logitTerms: [String] = [], epochs: Int
  ) {
    (self.layerMap, self.layerTerms, self.outputTerms) = (layerMap, layerTerms, outputTerms)
    (self.logitTerms, self.epochs) = (logitTerms, epochs)
  }
}
