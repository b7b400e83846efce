import DistillCore
import DistillTraining

/// One summand of the objective: a plugin and its weight.
public struct LossOptions: Configurable, Sendable {
  public var term: (any LossTerm)?
  public var weight: Float = 1

  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {
    visit.use(&term, "The loss.")
    visit("weight", &weight, in: .nonNegative, "Factor of the term in the sum.")
  }
}
