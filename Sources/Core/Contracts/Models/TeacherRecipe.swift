import Foundation

/// The options from which a teacher is made.
public protocol TeacherRecipe: EncoderRecipe {
  /// Loads a teacher and trains it first if the options say so.
  ///
  /// - Parameters:
  ///   - context: The task and the cards of the encoders.
  ///   - preparation: The training loop and the texts of the task.
  /// - Returns: A teacher that does not change any more.
  /// - Throws: ``WiringError``, ``WiringErrors`` or `FormatError` if the options or the files do not allow it, and the errors
  ///   of the training loop.
  func makeTeacher(in context: PipelineContext, _ preparation: Preparation) throws -> any Teacher
  /// Loads a prepared teacher from a folder that ``TextEncoder/write(to:)`` wrote.
  ///
  /// - Parameters:
  ///   - folder: The folder.
  ///   - context: The task and the student's card.
  /// - Throws: `FormatError` if the folder does not contain such a teacher.
  func loadTeacher(from folder: URL, in context: PipelineContext) throws -> any Teacher
}
