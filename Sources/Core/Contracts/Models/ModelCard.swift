/// The description of an encoder that can be given from its configuration alone, before any weight is read.
///
/// Pipelines are validated with cards, so a mistake is reported before anything expensive begins.
public struct ModelCard: Sendable, Equatable {
  /// The family of the model, such as `bert`. Layers can be copied only between models of one family.
  public var architecture: String
  /// The number of layers, without the embedding layer.
  public var layers: Int
  /// A, the number of attention heads in each layer.
  public var heads: Int
  /// H, the width of the hidden states.
  public var width: Int
  /// D, the width of the sequence embedding.
  public var embeddingWidth: Int
  /// C, the number of outputs: the number of classes, or 1 for regression.
  public var outputs: Int
  /// The largest number of tokens in a sequence.
  public var maximumLength: Int
  /// A digest of the vocabulary and the tokenizer's rules. Two encoders read the same ids only if these digests are equal. Empty for a
  /// teacher that reads texts and no ids.
  public var vocabulary: String
  /// The number of parameters.
  public var parameters: Int
  /// The kinds of activations that the encoder can return.
  public var activations: [ActivationKind]

  /// Whether the model reads the texts of a batch, and not its token ids. Only teachers can.
  public var readsTexts: Bool { vocabulary.isEmpty }

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

  /// Creates the card of a teacher that reads texts: it has no layers, and returns what has one row for each sequence.
  ///
  /// - Parameters:
  ///   - architecture: The family of the model.
  ///   - outputs: The number of outputs.
  ///   - embeddingWidth: The width of the embedding, or 0 if there is none.
  ///   - maximumLength: The largest number of tokens that matter.
  ///   - parameters: The number of parameters.
  public init(
    readingTexts architecture: String, outputs: Int, embeddingWidth: Int, maximumLength: Int = .max, parameters: Int = 0
  ) {
    self.init(
      architecture: architecture, layers: 0, heads: 0, width: 0, embeddingWidth: embeddingWidth, outputs: outputs,
      maximumLength: maximumLength, vocabulary: "", parameters: parameters,
      activations: embeddingWidth > 0 ? [.logits, .embedding] : [.logits])
  }

  /// Returns the reason why the model cannot return an activation, or `nil` if it can.
  ///
  /// - Parameters:
  ///   - activation: The activation.
  ///   - role: What the message calls the model, such as `student`.
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

  /// Checks that the model can return an activation.
  ///
  /// - Parameters:
  ///   - activation: The activation.
  ///   - role: What the message calls the model, such as `student`.
  /// - Throws: ``WiringError`` with the reason from ``refusal(of:role:)``.
  public func check(_ activation: Activation, of role: String) throws {
    if let refusal = refusal(of: activation, role: role) { throw WiringError(refusal) }
  }
}

extension ModelCard: CustomStringConvertible {
  /// The numbers of the card, which are part of what a prepared teacher is identified by. ``activations`` is left out, because
  /// the list of what the model can return changes none of its results.
  public var description: String {
    "ModelCard(architecture: \"\(architecture)\", layers: \(layers), heads: \(heads), width: \(width), "
      + "embeddingWidth: \(embeddingWidth), outputs: \(outputs), maximumLength: \(maximumLength), "
      + "vocabulary: \"\(vocabulary)\", parameters: \(parameters))"
  }
}
