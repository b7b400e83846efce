/// The texts of a task as token ids, for one tokenizer.
public struct TaskData: Sendable {
  public let task: TaskDefinition
  /// The examples to train on. Those of a student can include texts without a target, which only a teacher answers.
  public let training: EncodedDataset
  /// The examples that select the best epoch, or `nil` if there are none.
  public let validation: EncodedDataset?
  /// The examples on which the teacher's recipe chooses something, and nothing else is chosen or trained. `nil` unless it says that it
  /// does (``TeacherRecipe/choosesOnHeldOut``).
  public let heldOut: EncodedDataset?

  public init(
    task: TaskDefinition, training: EncodedDataset, validation: EncodedDataset?, heldOut: EncodedDataset? = nil
  ) {
    (self.task, self.training, self.validation, self.heldOut) = (task, training, validation, heldOut)
  }
}
