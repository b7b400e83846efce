import DistillCore
import Synchronization

/// The reasons why a training ends early.
public enum TrainingError: Error, CustomStringConvertible, Sendable {
  /// The loss or the norm of the gradient is infinite or not a number.
  case notFinite(phase: String, epoch: Int, step: Int, figures: String)
  /// A ``StopRequest`` was set. `step` is `nil` if no training was running at that time.
  case stopped(signal: Int32, phase: String, step: Int?)
  /// The training set is empty.
  case nothingToLearn(phase: String)
  /// The newest checkpoint was written with other settings or data.
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
