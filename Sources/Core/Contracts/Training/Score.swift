/// The value of a metric on the validation set. Larger is better.
public struct Score: Sendable, Equatable, Codable {
  public let metric: String
  public let value: Double
  public init(metric: String, value: Double) { (self.metric, self.value) = (metric, value) }
}
