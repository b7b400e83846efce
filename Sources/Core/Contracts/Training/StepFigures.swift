/// The loss of a step and its parts.
public struct StepFigures: Sendable {
  /// The weighted sum of the terms, whose gradient was taken.
  public var loss: Double
  /// The unweighted value of each term, in the order of the terms.
  public var terms: [(name: String, value: Double)]

  public init(loss: Double, terms: [(name: String, value: Double)]) { (self.loss, self.terms) = (loss, terms) }
}
