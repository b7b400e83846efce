/// A kind of activation: its name and its shape.
///
/// The card of an encoder lists the kinds that the encoder can return. When a pipeline is wired, what each loss term reads is
/// compared with that list.
///
/// An encoder can define kinds beyond the standard ones in its own module:
///
/// ```swift
/// extension ActivationKind {
///   public static let queries = ActivationKind("queries", .perToken(.width), firstLayer: 1)
/// }
/// ```
///
/// A loss that reads such a kind can import that module, or define the same kind again, because two kinds are equal if their
/// name, shape and first layer are equal.
public struct ActivationKind: Hashable, Sendable {
  /// The name, which is unique among the kinds of an encoder.
  public let name: String
  public let shape: ActivationShape
  /// The lowest layer that has an activation of this kind, where 0 is the embedding layer. `nil` if the kind belongs to no
  /// layer.
  public let firstLayer: Int?

  /// Creates a kind of activation.
  ///
  /// - Parameters:
  ///   - name: The name, which also stands for the kind in texts such as `hidden:2`. It must contain no colon.
  ///   - shape: The shape of the tensor.
  ///   - firstLayer: The lowest layer that has the activation, or `nil` if it belongs to no layer.
  public init(_ name: String, _ shape: ActivationShape, firstLayer: Int? = nil) {
    (self.name, self.shape, self.firstLayer) = (name, shape, firstLayer)
  }

  /// The kind of ``Activation/logits``.
  public static let logits = ActivationKind("logits", .perSequence(.outputs))
  /// The kind of ``Activation/embedding``.
  public static let embedding = ActivationKind("embedding", .perSequence(.embeddingWidth))
  /// The kind of ``Activation/hidden(layer:)``.
  public static let hidden = ActivationKind("hidden", .perToken(.width), firstLayer: 0)
  /// The kind of ``Activation/classToken(layer:)``.
  public static let classToken = ActivationKind("class-token", .perSequence(.width), firstLayer: 0)
  /// The kind of ``Activation/attention(layer:)``.
  public static let attention = ActivationKind("attention", .attention, firstLayer: 1)
  /// The kind of ``Activation/values(layer:)``.
  public static let values = ActivationKind("values", .perToken(.width), firstLayer: 1)

  /// The kinds that an encoder offers unless its card says otherwise.
  public static let standard: [ActivationKind] = [.logits, .embedding, .hidden, .classToken, .attention, .values]
}

extension ActivationKind: CustomStringConvertible {
  /// The name, the shape and the first layer, such as `queries [N, H], layers from 1`.
  public var description: String { "\(name) \(shape)" + (firstLayer.map { ", layers from \($0)" } ?? "") }
}
