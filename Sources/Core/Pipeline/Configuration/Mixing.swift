import DistillCore
import DistillTraining

/// The settings that turn neighbours into an answer. K neighbours are weighted by softmax(similarity/τ), and the student's own
/// answer has the share β.
public struct Mixing: Configurable, Sendable, Equatable, Codable {
  /// K, the number of neighbours.
  public var neighbours = 8
  /// β, the share of the student's own answer.
  public var beta: Float = 0.5
  /// τ, the temperature of the softmax over similarities.
  public var temperature: Float = 0.03

  public init() {}
  public init(neighbours: Int, beta: Float, temperature: Float) {
    (self.neighbours, self.beta, self.temperature) = (neighbours, beta, temperature)
  }

  public mutating func options(_ visit: inout OptionVisitor) {
    visit("neighbours", &neighbours, in: .atLeast(1), "K: how many embeddings are looked up.")
    visit("beta", &beta, in: .unit, "β: share of the student's own answer; 1 ignores the knowledge base.")
    visit("temperature", &temperature, in: .positive, "τ of the weights softmax(similarity/τ).")
  }
}
