import Foundation

/// Options from which a teacher is made.
public protocol TeacherRecipe: EncoderRecipe {
  /// The teacher as it is before its preparation.
  func makeTeacher(in surroundings: Surroundings) throws -> any Teacher
  /// A teacher that was prepared and written before.
  func loadTeacher(from folder: URL, in surroundings: Surroundings) throws -> any Teacher
}
