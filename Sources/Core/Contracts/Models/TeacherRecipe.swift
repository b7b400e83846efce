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
  /// Whether the teacher can answer every text. Default: `true`.
  var answersEveryText: Bool { get }
  /// Returns which texts the teacher cannot answer. It is asked only if ``answersEveryText`` is `false`. Default: none.
  ///
  /// - Parameters:
  ///   - texts: The texts that the student is to learn from.
  ///   - context: The task.
  /// - Throws: The errors of reading what the teacher knows.
  func unanswered(among texts: [PlainText], in context: PipelineContext) throws -> UnansweredTexts
  /// Whether ``makeTeacher(in:_:)`` chooses something on ``TaskData/heldOut``. Default: `false`.
  var choosesOnHeldOut: Bool { get }
}

extension TeacherRecipe {
  public var answersEveryText: Bool { true }
  public func unanswered(among texts: [PlainText], in context: PipelineContext) throws -> UnansweredTexts {
    UnansweredTexts()
  }
  public var choosesOnHeldOut: Bool { false }
}

/// The texts that a teacher cannot answer.
public struct UnansweredTexts: Sendable {
  /// Their positions among the texts that were asked about.
  public var positions: Set<Int>
  /// Whether they are a mistake. Otherwise the student learns without them.
  public var areMistake: Bool

  /// - Parameters:
  ///   - positions: Their positions.
  ///   - areMistake: Whether they are a mistake.
  public init(_ positions: Set<Int> = [], areMistake: Bool = false) {
    (self.positions, self.areMistake) = (positions, areMistake)
  }
}
