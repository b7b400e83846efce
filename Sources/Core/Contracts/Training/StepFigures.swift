/// The loss of a step and its parts.
public struct StepFigures: Sendable {
  /// The weighted sum that was differentiated.
  public var loss: Double
  /// Each term's own value, unweighted, in order.
  public var terms: [(name: String, value: Double)]

  public init(loss: Double, terms: [(name: String, value: Double)]) { (self.loss, self.terms) = (loss, terms) }
}
