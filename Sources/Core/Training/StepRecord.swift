import DistillCore
import Synchronization

/// The line in `metrics.jsonl` about one step.
public struct StepRecord: Sendable, Codable {
  public var event = "step"
  public let phase: String
  /// The epoch, counted from 1.
  public let epoch: Int
  /// The step, counted from 1 over all epochs.
  public let step: Int
  /// The weighted sum of the terms.
  public let loss: Double
  /// The unweighted value of each term. A layer-wise term has one entry for each pair of layers, under `name.L`, where L is the
  /// student's layer.
  public let terms: [String: Double]
  public let learningRate: Double
  /// The norm of the gradient over all parameters, before clipping.
  public let gradientNorm: Double
  public let seconds: Double

  enum CodingKeys: String, CodingKey {
    case event, phase, epoch, step, loss, terms, seconds
    case learningRate = "learning_rate"
    case gradientNorm = "gradient_norm"
  }
}
