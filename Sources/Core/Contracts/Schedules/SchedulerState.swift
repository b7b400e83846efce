/// A schedule's memory, kept in checkpoints.
public struct SchedulerState: Codable, Sendable, Equatable {
  public var values: [String: Double]
  public init(_ values: [String: Double] = [:]) { self.values = values }
}
