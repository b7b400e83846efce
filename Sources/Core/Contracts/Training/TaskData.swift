/// The texts of a task as token ids, for one tokenizer.
public struct TaskData: Sendable {
  public let task: TaskDefinition
  public let training: EncodedDataset
  public let validation: EncodedDataset?

  public init(task: TaskDefinition, training: EncodedDataset, validation: EncodedDataset?) {
    (self.task, self.training, self.validation) = (task, training, validation)
  }
}
