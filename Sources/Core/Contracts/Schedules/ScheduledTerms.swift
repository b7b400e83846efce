/// The pipeline that a schedule works in.
public struct ScheduledTerms: Sendable {
  /// In the order of the student's layers; empty where no term is layer-wise.
  public let layerMap: [LayerPair]
  /// Names under which the terms' figures are reported.
  public let layerTerms: [String]
  public let outputTerms: [String]
  /// Epochs of the whole training.
  public let epochs: Int

  public init(layerMap: [LayerPair], layerTerms: [String], outputTerms: [String], epochs: Int) {
    (self.layerMap, self.layerTerms, self.outputTerms, self.epochs) = (layerMap, layerTerms, outputTerms, epochs)
  }
}
