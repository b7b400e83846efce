/// The means that ``TeacherRecipe/makeTeacher(in:_:)`` is given to train a teacher: the training loop and the data.
public struct Preparation {
  /// The training loop of the run.
  public let trainer: any Trainer
  private let encode: (any Tokenizer) throws -> TaskData

  /// Creates a preparation.
  ///
  /// - Parameters:
  ///   - trainer: The training loop of the run.
  ///   - data: Encodes the texts of the task with the given tokenizer.
  public init(trainer: any Trainer, data: @escaping (any Tokenizer) throws -> TaskData) {
    (self.trainer, encode) = (trainer, data)
  }

  /// Returns the texts of the task, encoded with the teacher's tokenizer.
  public func data(for tokenizer: any Tokenizer) throws -> TaskData { try encode(tokenizer) }
}
