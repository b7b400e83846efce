/// A schedule's step from one stage to the next.
public struct StageMove: Sendable, Equatable {
  /// What is learnt from here on, e.g. `layer 2`.
  public let stage: String
  /// Why, with the figures that decided.
  public let reason: String

  public init(to stage: String, because reason: String) { (self.stage, self.reason) = (stage, reason) }
}
