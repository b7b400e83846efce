/// What a recipe may know of the pipeline around it.
public struct Surroundings: Sendable {
  public let task: TaskKind
  /// Most tokens of a sequence, from the task.
  public let maximumLength: Int
  /// Key of everything random that is made here.
  public let key: RandomKey
  /// The other encoder's card, once it is known. A head takes its width from the student's.
  public var teacher: ModelCard?
  public var student: ModelCard?

  public init(
    task: TaskKind, maximumLength: Int, key: RandomKey, teacher: ModelCard? = nil, student: ModelCard? = nil
  ) {
    (self.task, self.maximumLength, self.key) = (task, maximumLength, key)
    (self.teacher, self.student) = (teacher, student)
  }

  /// C: how many numbers a classifier answers with.
  public var outputs: Int {
    switch task {
    case .classification(let labels): labels.count
    case .regression: 1
    }
  }
}
