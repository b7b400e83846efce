/// What a recipe may know of the pipeline around it.
///
/// The other encoder's card cannot be had while something is wrong with it. The accessor throws then, and a recipe lets that
/// error pass: the mistake has been told at its place, and nothing else is going to be.
public struct PipelineContext: Sendable {
  public let task: TaskKind
  /// Most tokens of a sequence, from the task.
  public let maximumLength: Int
  /// Key of everything random that is made here.
  public let key: RandomKey
  package var teacherCard: Known<ModelCard?>
  package var studentCard: Known<ModelCard?>

  public init(
    task: TaskKind, maximumLength: Int, key: RandomKey, teacher: ModelCard? = nil, student: ModelCard? = nil
  ) {
    (self.task, self.maximumLength, self.key) = (task, maximumLength, key)
    (teacherCard, studentCard) = (.known(teacher), .known(student))
  }

  /// The card of the encoder under all of the teacher's heads, whose layers and vocabulary a student may take; nil where there
  /// is no teacher.
  public var teacher: ModelCard? { get throws { try teacherCard.get() } }

  /// The student's card, from which a head takes its width; nil where an encoder is made without a student.
  public var student: ModelCard? { get throws { try studentCard.get() } }

  /// The teacher's card.
  /// - Throws: ``WiringError`` where there is none: `option` needs it.
  public func requireTeacher(option: String, hint: String) throws -> ModelCard {
    guard let teacher = try teacher else { throw WiringError.noTeacher(option: option, hint: hint) }
    return teacher
  }

  /// The same with the student's card.
  public func with(student: ModelCard) -> PipelineContext {
    var context = self
    context.studentCard = .known(student)
    return context
  }

  /// C: how many numbers a classifier answers with.
  public var outputs: Int { task.outputs }
}
