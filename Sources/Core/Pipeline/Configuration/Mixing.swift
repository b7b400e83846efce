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
  /// T, by which the student's own probabilities y are softened to y^(1/T) / Σ y^(1/T). 1 leaves them as they are.
  public var studentTemperature: Float = 1
  /// The line that turns the student's own scores y into a·y + b, where a task has scores. It is fitted on texts that are held out.
  public internal(set) var studentLine = Line()
  /// Whether small classes, and labels that the student has never heard of, are heard.
  public var isAdaptive = true

  /// A line a·y + b; 1 and 0 leave scores as they are.
  public struct Line: Sendable, Equatable, Codable {
    public var slope: Float = 1
    public var offset: Float = 0
    public init() {}
  }

  public init() {}
  public init(neighbours: Int, beta: Float, temperature: Float, studentTemperature: Float = 1, isAdaptive: Bool = true)
  {
    (self.neighbours, self.beta, self.temperature) = (neighbours, beta, temperature)
    (self.studentTemperature, self.isAdaptive) = (studentTemperature, isAdaptive)
  }

  public mutating func options(_ visit: inout OptionVisitor) {
    visit("neighbours", &neighbours, in: .atLeast(1), "K: how many embeddings are looked up.")
    visit("beta", &beta, in: .unit, "β: share of the student's own answer; 1 ignores the knowledge base.")
    visit("temperature", &temperature, in: .positive, "τ of the weights softmax(similarity/τ).")
    visit(
      "student_temperature", &studentTemperature, in: .positive,
      "T of the student's own probabilities y^(1/T): more than 1 for a student that is too sure of itself.")
    visit(
      "adaptive", &isAdaptive,
      "Whether a neighbour's weight is divided by the number of keys of its class (or by K if they are more), and the student has the "
        + "less to say, the more the neighbours have labels that it does not know. `false`: one β for all, as in ReAugKD."
    )
  }
}

extension Mixing {
  private enum CodingKeys: CodingKey { case neighbours, beta, temperature, studentTemperature, studentLine, isAdaptive }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      neighbours: try values.decode(Int.self, forKey: .neighbours), beta: try values.decode(Float.self, forKey: .beta),
      temperature: try values.decode(Float.self, forKey: .temperature),
      studentTemperature: try values.decodeIfPresent(Float.self, forKey: .studentTemperature) ?? 1,
      isAdaptive: try values.decodeIfPresent(Bool.self, forKey: .isAdaptive) ?? false)
    studentLine = try values.decodeIfPresent(Line.self, forKey: .studentLine) ?? Line()
    // The records of the oldest runs have no checksum, so that anything may stand in them.
    guard neighbours >= 1, 0...1 ~= beta, temperature > 0, studentTemperature > 0, studentLine.slope > 0 else {
      throw DecodingError.dataCorruptedError(
        forKey: .neighbours, in: values, debugDescription: "\(self) is not a mixing")
    }
  }

  /// Leaves out what older versions did not have where it changes nothing, so that the checksums of their runs hold.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(neighbours, forKey: .neighbours)
    try values.encode(beta, forKey: .beta)
    try values.encode(temperature, forKey: .temperature)
    if studentTemperature != 1 { try values.encode(studentTemperature, forKey: .studentTemperature) }
    if studentLine != Line() { try values.encode(studentLine, forKey: .studentLine) }
    if isAdaptive { try values.encode(true, forKey: .isAdaptive) }
  }
}
