/// What is known of an encoder from its configuration alone, before any weight is read.
public struct ModelCard: Sendable, Equatable {
  /// Family, e.g. `bert`; layers can be copied within a family only.
  public var architecture: String
  public var layers: Int
  public var heads: Int
  /// H
  public var width: Int
  /// D
  public var embeddingWidth: Int
  /// C; 1 for regression.
  public var outputs: Int
  /// Most tokens in a sequence.
  public var maximumLength: Int
  /// Digest of the vocabulary and its rules: encoders read the same ids only where these are equal.
  public var vocabulary: String
  /// Number of parameters.
  public var parameters: Int

  public init(
    architecture: String, layers: Int, heads: Int, width: Int, embeddingWidth: Int, outputs: Int, maximumLength: Int,
    vocabulary: String, parameters: Int
  ) {
    self.architecture = architecture
    self.layers = layers
    self.heads = heads
    self.width = width
    self.embeddingWidth = embeddingWidth
    self.outputs = outputs
    self.maximumLength = maximumLength
    self.vocabulary = vocabulary
    self.parameters = parameters
  }

  /// Checks that an activation exists.
  /// - Throws: ``WiringError`` when its layer does not.
  public func check(_ activation: Activation, of role: String) throws {
    guard let layer = activation.layer, layer > layers else { return }
    throw WiringError("\(activation) does not exist: the \(role) has \(layers) layers")
  }
}
