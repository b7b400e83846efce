/// A schedule's move from one stage to the next.
public struct StageMove: Sendable, Equatable {
  /// A name for what is trained from now on, such as `layer 2`.
  public let stage: String
  /// The reason for the move, with the figures that led to it.
  public let reason: String

  public init(to stage: String, because reason: String) { (self.stage, self.reason) = (stage, reason) }
}
