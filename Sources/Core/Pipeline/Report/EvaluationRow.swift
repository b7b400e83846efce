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
  /// The probability from which on a label applies, where a text can have several. `nil` for other tasks, for an answer that reads no text,
  /// and if no texts were held out to choose it; it is ½ then.
  public let threshold: Float?

  init(
    name: String, scores: [Score], interval: ConfidenceInterval, comparison: RowComparison?, parameters: Int?,
    speed: Double?, threshold: Float? = nil
  ) {
    (self.name, self.scores, self.interval, self.comparison) = (name, scores, interval, comparison)
    (self.parameters, self.speed, self.threshold) = (parameters, speed, threshold)
  }
}
