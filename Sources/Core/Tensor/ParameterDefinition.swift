/// The name and the shape of a parameter that has no memory yet.
public struct ParameterDefinition: Sendable {
  /// The full name, as in the weight file.
  public let name: String
  public let shape: Shape
  /// Whether weight decay applies. It usually applies to matrices, but not to biases and the parameters of layer norms.
  public let decays: Bool
  /// Whether the parameter begins directly after the one before it, without a gap, so that both can be used as one matrix.
  public let adjoins: Bool

  public init(_ name: String, _ shape: Shape, decays: Bool, adjoins: Bool = false) {
    (self.name, self.shape, self.decays, self.adjoins) = (name, shape, decays, adjoins)
  }
}
