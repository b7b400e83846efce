import DistillCore
import DistillTraining

/// A loss plugin and its weight in the sum.
package struct LossOptions: Configurable, Sendable {
  package var term: (any LossTerm)?
  package var weight: Float = 1

  package init() {}

  package mutating func options(_ visit: inout OptionVisitor) {
    visit.use(&term, "The loss.")
    visit("weight", &weight, in: .nonNegative, "Factor of the term in the sum.")
  }
}
