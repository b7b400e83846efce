/// An interval that contains the true value of a statistic in 95 % of all samples.
public struct ConfidenceInterval: Sendable, Equatable, Codable {
  public let low: Double
  public let high: Double
}
