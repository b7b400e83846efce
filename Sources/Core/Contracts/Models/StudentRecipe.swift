import Foundation

/// Options from which a student is made.
public protocol StudentRecipe: EncoderRecipe {
  /// The student before it learns; layers may be copied from the prepared teacher.
  func makeStudent(in context: PipelineContext, teacher: (any Teacher)?) throws -> any Student
  /// The tokenizer of its checkpoint, before any weight is read. Default: made with the whole student.
  func makeTokenizer(in context: PipelineContext) throws -> any Tokenizer
  /// What a student became and ``TextEncoder/write(to:)`` wrote.
  func loadStudent(from folder: URL, in context: PipelineContext) throws -> any TextEncoder
}

extension StudentRecipe {
  public func makeTokenizer(in context: PipelineContext) throws -> any Tokenizer {
    try makeStudent(in: context, teacher: nil).tokenizer
  }
}
