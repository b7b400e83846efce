/// The cards of a pipeline's teacher and student. A pipeline without a teacher is plain fine-tuning.
public struct ModelPair: Sendable {
  /// The card of the whole teacher, including its heads, or `nil` if the pipeline has none.
  public let teacher: ModelCard?
  public let student: ModelCard
  public let task: TaskKind

  public init(teacher: ModelCard?, student: ModelCard, task: TaskKind) {
    (self.teacher, self.student, self.task) = (teacher, student, task)
  }

  /// Returns the card of the teacher.
  ///
  /// - Throws: ``WiringError`` if the pipeline has no teacher.
  public func requireTeacher() throws -> ModelCard {
    guard let teacher else {
      throw WiringError.noTeacher(option: "use", hint: "add a `teacher:` or take the term out")
    }
    return teacher
  }

  /// Returns a declaration that a term reads the same activations of both encoders.
  ///
  /// - Throws: ``WiringError`` if the pipeline has no teacher.
  public func reads(_ activations: Set<Activation>) throws -> Reads {
    _ = try requireTeacher()
    return Reads(teacher: activations, student: activations)
  }

  /// Checks that attention can be compared head by head.
  ///
  /// - Throws: ``WiringError`` if there is no teacher or its number of heads is different.
  public func requireEqualHeads() throws {
    let teacher = try requireTeacher()
    try teacher.check(.attention(layer: 1), of: "teacher")
    guard teacher.heads == student.heads else {
      throw WiringError(
        "the teacher's attention has \(teacher.heads) heads and the student's \(student.heads)", option: "use",
        hint: "give the student \(teacher.heads) heads: every head learns from one of the teacher's")
    }
  }

  /// Checks that logits can be compared.
  ///
  /// - Throws: ``WiringError`` if there is no teacher or its number of outputs is different.
  public func requireEqualOutputs() throws {
    let teacher = try requireTeacher()
    guard teacher.outputs == student.outputs else {
      throw WiringError("the teacher has \(teacher.outputs) outputs and the student \(student.outputs)")
    }
  }
}
