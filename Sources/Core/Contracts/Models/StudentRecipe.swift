import Foundation

/// The options from which a student is made.
public protocol StudentRecipe: EncoderRecipe {
  /// Returns the student as it is before training. It can copy layers from the prepared teacher.
  ///
  /// - Parameters:
  ///   - context: The task and the cards of the encoders.
  ///   - teacher: The prepared teacher, or `nil` if the pipeline has none.
  ///   - preparation: The training loop and the texts of the task, to which a classifier can be fitted before the training; `nil`
  ///     if the student will not be trained.
  /// - Throws: ``WiringError``, ``WiringErrors`` or `FormatError` if the options or the files do not allow it.
  func makeStudent(
    in context: PipelineContext, teacher: (any Teacher)?, _ preparation: Preparation?
  ) throws -> any Student
  /// Returns the tokenizer of the student without reading weights, if the recipe can do so.
  ///
  /// The default implementation makes the whole student and takes its tokenizer.
  func makeTokenizer(in context: PipelineContext) throws -> any Tokenizer
  /// Loads a trained student from a folder that ``TextEncoder/write(to:)`` wrote.
  ///
  /// - Parameters:
  ///   - folder: The folder.
  ///   - context: The task. Its `teacher` is `nil`, because a finished run answers without its teacher.
  /// - Throws: `FormatError` if the folder does not contain such a student.
  func loadStudent(from folder: URL, in context: PipelineContext) throws -> any TextEncoder
}

extension StudentRecipe {
  public func makeTokenizer(in context: PipelineContext) throws -> any Tokenizer {
    try makeStudent(in: context, teacher: nil, nil).tokenizer
  }
}
