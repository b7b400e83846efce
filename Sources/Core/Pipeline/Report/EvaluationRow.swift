import DistillCore
import DistillTraining

/// The scores and the cost of one way of answering on the validation set.
public struct EvaluationRow: Sendable, Codable {
  /// The way of answering, such as `teacher`, `student` or `student + knowledge base`.
  public let name: String
  public let scores: [Score]
  /// The 95 % interval of the first score, by bootstrap over the texts.
  public let interval: ConfidenceInterval
  /// The difference to the student. `nil` in the student's own row.
  public let comparison: RowComparison?
  /// The number of parameters of the model. `nil` if it is not known, as for a part of an encoder.
  public let parameters: Int?
  /// The number of texts that are answered in a second, in batches and without tokenisation. `nil` if no text is read.
  public let speed: Double?
}
