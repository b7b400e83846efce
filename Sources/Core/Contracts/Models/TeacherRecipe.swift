import Foundation

/// Options from which a teacher is made.
public protocol TeacherRecipe: EncoderRecipe {
  /// A teacher, prepared: loaded, and what it has to learn first learnt through `preparation.trainer`.
  func makeTeacher(in context: PipelineContext, _ preparation: Preparation) throws -> any Teacher
  /// A teacher that was prepared and written before.
  func loadTeacher(from folder: URL, in context: PipelineContext) throws -> any Teacher
}
