/// The means that ``TeacherRecipe/makeTeacher(in:_:)`` is given to train a teacher: the training loop and the data.
public struct Preparation {
  /// The training loop of the run.
  public let trainer: any Trainer
  private let encode: (any Tokenizer) throws -> TaskData
  private let prepare: ((Int, any TeacherRecipe) throws -> any Teacher)?

  /// Creates a preparation.
  ///
  /// - Parameters:
  ///   - trainer: The training loop of the run.
  ///   - member: Prepares the teacher of this number that is part of another one. Default: its recipe makes it.
  ///   - data: Encodes the texts of the task with the given tokenizer.
  public init(
    trainer: any Trainer, member: ((Int, any TeacherRecipe) throws -> any Teacher)? = nil,
    data: @escaping (any Tokenizer) throws -> TaskData
  ) {
    (self.trainer, prepare, encode) = (trainer, member, data)
  }

  /// Returns the texts of the task, encoded with the teacher's tokenizer.
  public func data(for tokenizer: any Tokenizer) throws -> TaskData { try encode(tokenizer) }

  /// Returns a teacher that is one of several parts of another one. It is prepared as if it were the whole teacher of a run, so that runs
  /// which have it as such, or as a part, share it.
  ///
  /// - Parameters:
  ///   - number: The number of the part, counted from 1.
  ///   - recipe: The recipe of the part.
  ///   - context: The task and the student's card.
  /// - Throws: The errors of the recipe.
  public func member(
    _ number: Int, _ recipe: any TeacherRecipe, in context: PipelineContext
  ) throws -> any Teacher {
    try prepare?(number, recipe) ?? recipe.makeTeacher(in: context, self)
  }
}
