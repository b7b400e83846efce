import DistillCore
import DistillTraining

/// The settings that turn neighbours into an answer. K neighbours are weighted by softmax(similarity/τ), and the student's own
/// answer has the share β; see ``RetrievalAugmentation``.
public struct Mixing: Configurable, Sendable, Equatable, Codable {
  /// K, the number of neighbours.
  public var neighbours = 8
  /// β, the share of the student's own answer.
  public var beta: Float = 0.5
  /// τ, the temperature of the softmax over similarities.
  public var temperature: Float = 0.03
  /// Whether small classes, and labels that the student has never heard of, are heard.
  public var isAdaptive = true

  public init() {}
  public init(neighbours: Int, beta: Float, temperature: Float, isAdaptive: Bool = true) {
    (self.neighbours, self.beta, self.temperature) = (neighbours, beta, temperature)
    self.isAdaptive = isAdaptive
  }

  public mutating func options(_ visit: inout OptionVisitor) {
    visit("neighbours", &neighbours, in: .atLeast(1), "K: how many embeddings are looked up.")
    visit("beta", &beta, in: .unit, "β: share of the student's own answer; 1 ignores the knowledge base.")
    visit("temperature", &temperature, in: .positive, "τ of the weights softmax(similarity/τ).")
    visit(
      "adaptive", &isAdaptive,
      "Whether a neighbour's weight is divided by the number of keys of its class (or by K if they are more), and the student has the "
        + "less to say, the more the neighbours have labels that it does not know. `false`: one β for all, as in ReAugKD."
    )
  }
}

extension Mixing {
  private enum CodingKeys: CodingKey { case neighbours, beta, temperature, isAdaptive }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      neighbours: try values.decode(Int.self, forKey: .neighbours), beta: try values.decode(Float.self, forKey: .beta),
      temperature: try values.decode(Float.self, forKey: .temperature),
      isAdaptive: try values.decodeIfPresent(Bool.self, forKey: .isAdaptive) ?? false)
  }

  /// Leaves `isAdaptive` out if it is false, as versions did before there was a choice, so that the checksums of their runs hold.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(neighbours, forKey: .neighbours)
    try values.encode(beta, forKey: .beta)
    try values.encode(temperature, forKey: .temperature)
    if isAdaptive { try values.encode(true, forKey: .isAdaptive) }
  }
}
