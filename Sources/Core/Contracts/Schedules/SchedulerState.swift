/// The state of a schedule or objective as named numbers. Checkpoints contain it, so that a resumed training continues
/// identically.
public struct SchedulerState: Codable, Sendable, Equatable {
  /// The numbers by name. The names need only be unique within one schedule.
  public var values: [String: Double]
  public init(_ values: [String: Double] = [:]) { self.values = values }
}
