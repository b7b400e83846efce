/// The state of a schedule or objective as named numbers. Checkpoints contain it, so that a resumed training continues
/// identically.
public struct SchedulerState: Codable, Sendable, Equatable {
  public var values: [String: Double]
  public init(_ values: [String: Double] = [:]) { self.values = values }
}
