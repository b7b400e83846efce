import Foundation

/// Options from which a teacher is made.
public protocol TeacherRecipe: EncoderRecipe {
  /// The card once the surroundings hold the student's, given the one without. Default: asked anew.
  /// - Throws: as `card(in:)`.
  func card(_ card: ModelCard, in surroundings: Surroundings) throws -> ModelCard
  /// A teacher, prepared: loaded, and what it has to learn first learnt through `preparation.trainer`.
  func makeTeacher(in surroundings: Surroundings, _ preparation: Preparation) throws -> any Teacher
  /// A teacher that was prepared and written before.
  func loadTeacher(from folder: URL, in surroundings: Surroundings) throws -> any Teacher
}

extension TeacherRecipe {
  public func card(_ card: ModelCard, in surroundings: Surroundings) throws -> ModelCard {
    try self.card(in: surroundings)
  }
}
