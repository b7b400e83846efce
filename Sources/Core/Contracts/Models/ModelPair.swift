/// The encoders of a pipeline, as their cards. A pipeline without a teacher is plain fine-tuning.
public struct ModelPair: Sendable {
  public let teacher: ModelCard?
  public let student: ModelCard
  public let task: TaskKind

  public init(teacher: ModelCard?, student: ModelCard, task: TaskKind) {
    (self.teacher, self.student, self.task) = (teacher, student, task)
  }

  /// The teacher's card.
  /// - Throws: ``WiringError`` where the pipeline has none.
  public func requireTeacher() throws -> ModelCard {
    guard let teacher else {
      throw WiringError.noTeacher(option: "use", hint: "add a `teacher:` or take the term out")
    }
    return teacher
  }

  /// Checks that logits can be compared.
  /// - Throws: ``WiringError`` without a teacher, or where it has another number of outputs.
  public func requireEqualOutputs() throws {
    let teacher = try requireTeacher()
    guard teacher.outputs == student.outputs else {
      throw WiringError("the teacher has \(teacher.outputs) outputs and the student \(student.outputs)")
    }
  }
}
