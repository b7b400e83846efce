import DistillCore
import DistillTraining

/// The values of K, β and τ to choose from.
package struct MixingGrid: Configurable, Sendable {
  package var neighbours = [4, 8, 16, 32]
  package var beta: [Float] = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]
  package var temperature: [Float] = [0.01, 0.03, 0.1]

  package init() {}

  package mutating func options(_ visit: inout OptionVisitor) {
    visit("neighbours", &neighbours, in: .atLeast(1), "Values of K.")
    visit("beta", &beta, in: .unit, "Values of β; without 1 among them, neighbours answer even where they do not help.")
    visit("temperature", &temperature, in: .positive, "Values of τ.")
    for (key, isEmpty) in [
      ("neighbours", neighbours.isEmpty), ("beta", beta.isEmpty), ("temperature", temperature.isEmpty),
    ] where isEmpty { visit.reject(key, "there is nothing to choose from") }
  }
}
