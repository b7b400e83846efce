/// A kind of activation: its name, and its shape. An encoder's card lists the kinds that it offers, and what a term reads is
/// compared with that list when the pipeline is wired.
///
/// Kinds beyond the standard ones are defined by whoever answers with them, in an encoder's own module:
///
/// ```swift
/// extension ActivationKind {
///   public static let queries = ActivationKind("queries", .perToken(.width), firstLayer: 1)
/// }
/// ```
///
/// A loss that reads such a kind may import that module, or define the same kind again: kinds are equal where name, shape and
/// first layer are.
public struct ActivationKind: Hashable, Sendable {
  public let name: String
  public let shape: ActivationShape
  /// The lowest layer that has it, 0 being the embedding layer; nil where it belongs to no layer.
  public let firstLayer: Int?

  public init(_ name: String, _ shape: ActivationShape, firstLayer: Int? = nil) {
    (self.name, self.shape, self.firstLayer) = (name, shape, firstLayer)
  }

  public static let logits = ActivationKind("logits", .perSequence(.outputs))
  public static let embedding = ActivationKind("embedding", .perSequence(.embeddingWidth))
  public static let hidden = ActivationKind("hidden", .perToken(.width), firstLayer: 0)
  public static let classToken = ActivationKind("class-token", .perSequence(.width), firstLayer: 0)
  public static let attention = ActivationKind("attention", .attention, firstLayer: 1)
  public static let values = ActivationKind("values", .perToken(.width), firstLayer: 1)

  /// What an encoder offers unless its card says otherwise.
  public static let standard: [ActivationKind] = [.logits, .embedding, .hidden, .classToken, .attention, .values]
}

extension ActivationKind: CustomStringConvertible {
  /// `queries [N, H], layers from 1`
  public var description: String { "\(name) \(shape)" + (firstLayer.map { ", layers from \($0)" } ?? "") }
}
