/// The training loop, as plugins that have to train something see it.
public protocol Trainer {
  /// Minimises an objective, and sets its parameters to those of the best epoch at the end.
  ///
  /// - Parameters:
  ///   - objective: The function to minimise.
  ///   - options: The settings of the training.
  ///   - phase: A name for this training in progress reports, metrics and checkpoints. It must be unique in a run.
  @discardableResult
  func fit(_ objective: any Objective, options: TrainingOptions, phase: String) throws -> TrainingSummary

  /// Trains an encoder with the task's own loss on the labels alone.
  ///
  /// - Parameters:
  ///   - encoder: The encoder, which is trained in place.
  ///   - data: The texts of the task, encoded with the encoder's tokenizer.
  ///   - options: The settings of the training.
  ///   - phase: A name for this training, as in ``fit(_:options:phase:)``.
  @discardableResult
  func fineTune(
    _ encoder: any Student, on data: TaskData, options: TrainingOptions, phase: String
  ) throws -> TrainingSummary
}
