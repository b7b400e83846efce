import DistillCore

extension ActivationKind {
  /// [N, H]: the query projections Q of a layer with their bias, heads side by side.
  public static let queries = ActivationKind("queries", .perToken(.width), firstLayer: 1)
  /// [N, H]: the key projections K of a layer with their bias, heads side by side.
  public static let keys = ActivationKind("keys", .perToken(.width), firstLayer: 1)
}

extension Activation {
  /// [N, H]: see ``ActivationKind/queries``; layers count from 1.
  public static func queries(layer: Int) -> Activation { Activation(.queries, layer: layer) }
  /// [N, H]: see ``ActivationKind/keys``; layers count from 1.
  public static func keys(layer: Int) -> Activation { Activation(.keys, layer: layer) }
}

extension BERTEncoder {
  /// What a BERT encoder answers with.
  public static let activations = ActivationKind.standard + [.queries, .keys]
}
