/// What a recipe prepares a teacher with.
public struct Preparation {
  public let trainer: any Trainer
  private let encode: (any Tokenizer) throws -> TaskData

  /// - `data`: the task's texts, as the ids of a tokenizer.
  public init(trainer: any Trainer, data: @escaping (any Tokenizer) throws -> TaskData) {
    (self.trainer, encode) = (trainer, data)
  }

  /// The task's texts, as the ids of a teacher's tokenizer.
  public func data(for tokenizer: any Tokenizer) throws -> TaskData { try encode(tokenizer) }
}
