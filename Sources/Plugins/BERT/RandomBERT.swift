import DistillCore

/// The dimensions of a student that starts with random weights.
public struct RandomBERT: Configurable, Sendable {
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

  func configuration(vocabularySize: Int, maximumPositions: Int) -> BERTConfiguration {
    BERTConfiguration(
      vocabularySize: vocabularySize, hiddenSize: hiddenSize, layers: layers, heads: heads,
      intermediateSize: intermediateSize, maximumPositions: maximumPositions, hiddenDropout: dropout,
      attentionDropout: dropout)
  }
}
