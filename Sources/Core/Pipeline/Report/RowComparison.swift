import DistillCore
import DistillTraining

/// The difference between one way of answering and the student on the same texts.
public struct RowComparison: Sendable, Codable {
  /// The first score minus that of the student.
  public let difference: Double
  /// The 95 % interval of the difference, by bootstrap over the texts.
  public let interval: ConfidenceInterval
  /// The number of texts that only this row answers correctly, with all labels if there can be several, or `nil` for regression.
  public let gained: Int?
  /// The number of texts that only the student answers correctly, or `nil` for regression.
  public let lost: Int?
  /// The two-sided p-value of the exact McNemar test of these two numbers, or `nil` for regression.
  public let p: Double?

  init(_ predictions: [Target], against others: [Target], targets: [Target], task: TaskDefinition, key: RandomKey) {
    let metric = task.metrics[0]
    difference =
      metric.value(predictions: predictions, targets: targets) - metric.value(predictions: others, targets: targets)
    interval = metric.differenceInterval(of: predictions, against: others, targets: targets, key: key)
    guard task.kind != .regression else {
      (gained, lost, p) = (nil, nil, nil)
      return
    }
    let rows = targets.indices
    let gained = rows.count { predictions[$0] == targets[$0] && others[$0] != targets[$0] }
    let lost = rows.count { predictions[$0] != targets[$0] && others[$0] == targets[$0] }
    (self.gained, self.lost, p) = (gained, lost, exactMcNemarTest(gained: gained, lost: lost))
  }
}
