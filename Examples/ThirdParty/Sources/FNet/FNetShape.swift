import DistillCore

/// The sizes of an FNet, and the options of a student of random weights.
public struct FNetShape: Configurable, Sendable, Equatable, Codable {
  public var layers = 2
  public var width = 128
  public var innerWidth = 512
  public var dropout: Float = 0.1
  /// From the teacher's tokenizer and the task.
  var vocabularySize = 1
  var maximumLength = 128

  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {
    visit("layers", &layers, in: .between(1, 100), "L")
    visit("width", &width, in: .between(1, 4096), "H")
    visit("inner_width", &innerWidth, in: .between(1, 65_536), "Width inside the feed-forward block.")
    visit("dropout", &dropout, in: .from(0, below: 1), "Dropout of states while training.")
  }
}
