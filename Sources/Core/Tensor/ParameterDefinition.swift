/// What a parameter is, before it has memory.
public struct ParameterDefinition: Sendable {
  /// Full name, as in the weight file.
  public let name: String
  public let shape: Shape
  /// Whether weight decay applies: to matrices, not to biases and norms.
  public let decays: Bool
  /// Whether it lies right behind the one before, so that both can be used as one matrix.
  public let adjoins: Bool

  public init(_ name: String, _ shape: Shape, decays: Bool, adjoins: Bool = false) {
    (self.name, self.shape, self.decays, self.adjoins) = (name, shape, decays, adjoins)
  }
}
