/// The one loop, as seen by those who need something trained.
public protocol Trainer {
  /// Trains until the epochs are over and leaves the best parameters in place. `phase` names it in progress and files.
  @discardableResult
  func fit(_ objective: any Objective, options: TrainingOptions, phase: String) throws -> TrainingSummary

  /// Trains an encoder on the labels alone.
  @discardableResult
  func fineTune(
    _ encoder: any Student, on data: TaskData, options: TrainingOptions, phase: String
  ) throws -> TrainingSummary
}
