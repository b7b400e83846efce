/// The texts of a task as token ids, for one tokenizer.
public struct TaskData: Sendable {
  public let task: TaskDefinition
  /// The examples to train on. Those of a student can include texts without a target, which only a teacher answers.
  public let training: EncodedDataset
  /// The examples that select the best epoch, or `nil` if there are none.
  public let validation: EncodedDataset?

  public init(task: TaskDefinition, training: EncodedDataset, validation: EncodedDataset?) {
    (self.task, self.training, self.validation) = (task, training, validation)
  }
}
