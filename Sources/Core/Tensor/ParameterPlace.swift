/// Where a parameter lies in every arena of one ``ParameterLayout``, or adjoining ones as one. Looking it up by name is done
/// once; a forward pass asks with the place.
public struct ParameterPlace: Sendable {
  public let shape: Shape
  let offset: Int
  /// The definitions that it covers.
  let definitions: Range<Int>
}
