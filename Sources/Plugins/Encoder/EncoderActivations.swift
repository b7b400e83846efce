import DistillCore

extension ActivationKind {
  /// The query projections Q of a layer with their bias, [N, H]. The heads are side by side.
  public static let queries = ActivationKind("queries", .perToken(.width), firstLayer: 1)
  /// The key projections K of a layer with their bias, [N, H]. The heads are side by side.
  public static let keys = ActivationKind("keys", .perToken(.width), firstLayer: 1)
}

extension Activation {
  /// Returns the query projections of a layer, counted from 1; see ``ActivationKind/queries``.
  public static func queries(layer: Int) -> Activation { Activation(.queries, layer: layer) }
  /// Returns the key projections of a layer, counted from 1; see ``ActivationKind/keys``.
  public static func keys(layer: Int) -> Activation { Activation(.keys, layer: layer) }
}

extension TransformerEncoder {
  /// The kinds of activations that an encoder offers.
  public static let activations = ActivationKind.standard + [.queries, .keys]

  /// Returns the kinds that an encoder offers if it reads pairs in this way.
  ///
  /// Of two texts that are read apart, the hidden states are those of the tokens of both. There is no attention between them, and each
  /// has a [CLS] of its own.
  static func activations(_ pairs: PairReading) -> [ActivationKind] {
    pairs == .joint ? activations : [.logits, .embedding, .hidden]
  }
}
