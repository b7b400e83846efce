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
  /// The kinds of activations that it answers with.
  public var activations: [ActivationKind]

  public init(
    architecture: String, layers: Int, heads: Int, width: Int, embeddingWidth: Int, outputs: Int, maximumLength: Int,
    vocabulary: String, parameters: Int, activations: [ActivationKind] = ActivationKind.standard
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
    self.activations = activations
  }

  /// Why the model cannot answer with an activation; nil where it can.
  public func refusal(of activation: Activation, role: String) -> String? {
    let kind = activation.kind
    guard let own = activations.first(where: { $0.name == kind.name }) else {
      let names = activations.map(\.name).joined(separator: ", ")
      return "\(activation) does not exist: the \(role), a \(architecture), has \(names)"
    }
    guard own == kind else { return "\(activation) is read as \(kind), and the \(role) has \(own)" }
    guard let first = kind.firstLayer, let layer = activation.layer else { return nil }
    if layer > layers { return "\(activation) does not exist: the \(role) has \(layers) layers" }
    return layer >= first ? nil : "\(activation) does not exist: the \(role)'s layers count from \(first)"
  }

  /// Checks that the model can answer with an activation.
  /// - Throws: ``WiringError`` with the ``refusal(of:role:)``.
  public func check(_ activation: Activation, of role: String) throws {
    if let refusal = refusal(of: activation, role: role) { throw WiringError(refusal) }
  }
}

extension ModelCard: CustomStringConvertible {
  /// Its numbers, by which a prepared teacher goes: what it can be asked for changes none of its answers.
  public var description: String {
    "ModelCard(architecture: \"\(architecture)\", layers: \(layers), heads: \(heads), width: \(width), "
      + "embeddingWidth: \(embeddingWidth), outputs: \(outputs), maximumLength: \(maximumLength), "
      + "vocabulary: \"\(vocabulary)\", parameters: \(parameters))"
  }
}
