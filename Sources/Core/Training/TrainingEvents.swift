import DistillCore
import Synchronization

/// What a training tells whoever watches it.
public enum TrainingEvent: Sendable {
  case began(phase: String, epochs: Int, stepsPerEpoch: Int, resumedAtStep: Int)
  case step(StepRecord)
  case epoch(EpochRecord)
  case stage(StageRecord)
  case ended(phase: String, bestEpoch: Int, seconds: Double)
  /// Something long that is not a training: `done` of `total`.
  case progress(what: String, done: Int, total: Int)
  case note(String)
}

/// One step, as it stands in `metrics.jsonl`.
public struct StepRecord: Sendable, Codable {
  public var event = "step"
  public let phase: String
  public let epoch: Int
  public let step: Int
  public let loss: Double
  public let terms: [String: Double]
  public let learningRate: Double
  public let gradientNorm: Double
  public let seconds: Double

  enum CodingKeys: String, CodingKey {
    case event, phase, epoch, step, loss, terms, seconds
    case learningRate = "learning_rate"
    case gradientNorm = "gradient_norm"
  }
}

/// A schedule's move to another stage, as it stands in `metrics.jsonl` behind the step or epoch that caused it.
public struct StageRecord: Sendable, Codable {
  public var event = "stage"
  public let phase: String
  public let epoch: Int
  public let step: Int
  /// What is learnt from here on.
  public let stage: String
  public let reason: String

  enum CodingKeys: String, CodingKey { case event, phase, epoch, step, stage, reason }
}

/// One epoch, as it stands in `metrics.jsonl`: means over its steps, of a term over those in which it counted, and figures on
/// the validation set.
public struct EpochRecord: Sendable, Codable {
  public var event = "epoch"
  public let phase: String
  public let epoch: Int
  public let step: Int
  public let loss: Double
  public let terms: [String: Double]
  public let scores: [String: Double]
  public let isBest: Bool
  public let seconds: Double

  enum CodingKeys: String, CodingKey {
    case event, phase, epoch, step, loss, terms, scores, seconds
    case isBest = "is_best"
  }
}

/// Asks a training to stop after the step at hand. Safe to set from anywhere.
public final class StopRequest: Sendable {
  private let signal = Atomic<Int32>(0)
  public init() {}

  public func stop(signal number: Int32) { signal.store(number, ordering: .relaxed) }
  /// The signal that asked for it; nil while nobody did.
  public var requested: Int32? {
    let number = signal.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }
}

/// Why a training ended early.
public enum TrainingError: Error, CustomStringConvertible, Sendable {
  case notFinite(phase: String, epoch: Int, step: Int, figures: String)
  /// `step` is nil outside of trainings.
  case stopped(signal: Int32, phase: String, step: Int?)
  case nothingToLearn(phase: String)
  case staleCheckpoint(file: String, phase: String, differences: [String])

  public var description: String {
    switch self {
    case .notFinite(let phase, let epoch, let step, let figures):
      "\(phase): the loss or its gradient is not finite in step \(step) of epoch \(epoch) (\(figures)); "
        + "a lower learning_rate or a larger temperature may help. Nothing of this step was kept."
    case .stopped(let signal, let phase, let step):
      "\(phase): stopped by signal \(signal)\(step.map { " after step \($0)" } ?? ""); the state is saved, "
        + "`--resume` goes on from there"
    case .nothingToLearn(let phase): "\(phase): there are no training examples"
    case .staleCheckpoint(let file, let phase, let differences):
      "\(phase): \(file) was written under other settings or data (\(differences.joined(separator: "; "))); remove it, or "
        + "run without --resume to start anew"
    }
  }
}
