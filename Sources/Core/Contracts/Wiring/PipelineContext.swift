/// The parts of a pipeline that a recipe can see while it describes or makes an encoder.
///
/// The accessors ``teacher`` and ``student`` throw if the card of that encoder is unknown because of a mistake in the pipeline
/// file. A recipe should let this error pass. It is not shown to the user, because the mistake itself has already been
/// reported.
public struct PipelineContext: Sendable {
  public let task: TaskKind
  /// The largest number of tokens in a sequence, as set for the task.
  public let maximumLength: Int
  /// Whether each example of the task has two texts.
  public let hasPairs: Bool
  /// The key for everything random that the recipe makes, such as initial weights.
  public let key: RandomKey
  package var teacherCard: Known<ModelCard?>
  package var studentCard: Known<ModelCard?>

  public init(
    task: TaskKind, hasPairs: Bool = false, maximumLength: Int, key: RandomKey, teacher: ModelCard? = nil,
    student: ModelCard? = nil
  ) {
    (self.task, self.hasPairs, self.maximumLength, self.key) = (task, hasPairs, maximumLength, key)
    (teacherCard, studentCard) = (.known(teacher), .known(student))
  }

  /// The card of the encoder that is innermost in the teacher, without any heads. A student can copy its layers and its
  /// vocabulary. `nil` if the pipeline has no teacher.
  public var teacher: ModelCard? { get throws { try teacherCard.get() } }

  /// The card of the student, from which a teacher's head takes its output width. `nil` if an encoder is made without a
  /// student.
  public var student: ModelCard? { get throws { try studentCard.get() } }

  /// Returns the card of a teacher whose layers or vocabulary a student can take.
  ///
  /// - Parameters:
  ///   - option: The option that needs the teacher, which the error names.
  ///   - hint: How the user can mend it, which the error adds.
  /// - Throws: ``WiringError`` if the pipeline has no teacher, or one that reads texts and has neither.
  public func requireTeacher(option: String, hint: String) throws -> ModelCard {
    guard let teacher = try teacher else { throw WiringError.noTeacher(option: option, hint: hint) }
    guard !teacher.readsTexts else {
      throw WiringError(
        "the teacher, a \(teacher.architecture), has neither layers nor a vocabulary that a student could take",
        option: option,
        hint: "start the student from a checkpoint of its own: `checkpoint: FOLDER`, and `layers: [...]`")
    }
    return teacher
  }

  /// Returns a copy of this context with another card for the student.
  public func with(student: ModelCard) -> PipelineContext {
    var context = self
    context.studentCard = .known(student)
    return context
  }

  /// C, the number of outputs of a classifier for the task.
  public var outputs: Int { task.outputs }
}
