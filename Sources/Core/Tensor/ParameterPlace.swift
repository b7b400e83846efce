/// The position of a parameter, or of adjoining parameters as one, in every arena of a ``ParameterLayout``.
///
/// A network looks up its places by name once, so that a forward pass needs no look-up.
public struct ParameterPlace: Sendable {
  public let shape: Shape
  let offset: Int
  /// The indices of the definitions that it covers.
  let definitions: Range<Int>
}
