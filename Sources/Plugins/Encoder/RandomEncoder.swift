import DistillCore

/// The dimensions of a student that starts with random weights.
public struct RandomEncoder: Configurable, Sendable {
  public var layers = 3
  public var hiddenSize = 384
  public var heads = 12
  public var intermediateSize = 1536
  public var dropout: Float = 0.1

  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {
    visit("layers", &layers, in: .between(1, 1000), "L")
    visit("hidden_size", &hiddenSize, in: .between(1, 65_536), "H")
    visit("heads", &heads, in: .between(1, 65_536), "A; divides H.")
    visit("intermediate_size", &intermediateSize, in: .between(1, 1_000_000), "Width inside the feed-forward block.")
    visit(
      "dropout", &dropout, in: .from(0, below: 1), "Dropout of states and of attention probabilities while training.")
    if heads > 0, hiddenSize % heads != 0 {
      visit.reject("heads", "\(heads) heads do not divide the hidden_size \(hiddenSize)", given: ["hidden_size"])
    }
  }

  /// Returns the configuration of an encoder of this shape for sequences of a length.
  func configuration(
    _ architecture: EncoderArchitecture, vocabularySize: Int, maximumLength: Int, paddingID: Int?
  ) -> EncoderConfiguration {
    var padding = paddingID ?? 0
    if case .afterPadding(let id, let isFixed) = architecture.positions { padding = isFixed ? id : paddingID ?? id }
    var configuration = EncoderConfiguration(
      architecture, vocabularySize: vocabularySize, hiddenSize: hiddenSize, layers: layers, heads: heads,
      intermediateSize: intermediateSize, positionRows: maximumLength, typeVocabularySize: 2, hiddenDropout: dropout,
      attentionDropout: dropout, paddingID: padding)
    if !configuration.readsTypes { configuration.typeVocabularySize = 1 }
    configuration.positionRows += configuration.firstPosition
    return configuration
  }
}
