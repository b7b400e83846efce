import Foundation

/// How an encoder is run.
public enum Pass: Sendable {
  /// No dropout, and nothing is recorded.
  case inference
  /// Operations on parameters are recorded; dropout masks are functions of the key.
  case training(RandomKey)
}

/// Something that reads token ids and answers with activations.
public protocol Encoder: AnyObject {
  var card: ModelCard { get }
  /// What makes the ids that it reads.
  var tokenizer: any Tokenizer { get }
  /// Activations that rest on parameters which nothing has trained yet, such as a new classifier's logits. Default: none.
  var untrained: Set<Activation> { get }

  /// Exactly the activations asked for, nothing else computed.
  /// - Throws: ``ContractError`` for an activation that it does not have or a sequence that is too long.
  func respond(to batch: TokenBatch, with activations: Set<Activation>, pass: Pass) throws -> Response

  /// Writes everything from which its recipe can load it again.
  func write(to folder: URL) throws
}

extension Encoder {
  public var untrained: Set<Activation> { [] }
}

/// An encoder that can be trained.
public protocol Trainable: Encoder {
  var parameters: ParameterStore { get }
}

/// The encoder that learns.
public protocol Student: Trainable {}

/// The encoder that is learnt from; frozen while a student learns. A teacher may wrap another one.
public protocol Teacher: Encoder {
  /// The encoder under all decorators.
  var innermost: any Encoder { get }
  /// Fine-tunes, fits a head, or does nothing. Called once, before any student sees the teacher.
  func prepare(_ preparation: Preparation) throws
}

extension Teacher {
  public var innermost: any Encoder { self }
  public func prepare(_ preparation: Preparation) throws {}
}

/// What a recipe may know of the pipeline around it.
public struct Surroundings: Sendable {
  public let task: TaskKind
  /// Most tokens of a sequence, from the task.
  public let maximumLength: Int
  /// Key of everything random that is made here.
  public let key: RandomKey
  /// The other encoder's card, once it is known. A head takes its width from the student's.
  public var teacher: ModelCard?
  public var student: ModelCard?

  public init(
    task: TaskKind, maximumLength: Int, key: RandomKey, teacher: ModelCard? = nil, student: ModelCard? = nil
  ) {
    (self.task, self.maximumLength, self.key) = (task, maximumLength, key)
    (self.teacher, self.student) = (teacher, student)
  }

  /// C: how many numbers a classifier answers with.
  public var outputs: Int {
    switch task {
    case .classification(let labels): labels.count
    case .regression: 1
    }
  }
}

/// Options from which an encoder is made.
public protocol EncoderRecipe: Plugin {
  /// The card, from configuration files alone.
  /// - Throws: ``WiringError``, ``WiringErrors`` or `FormatError`.
  func card(in surroundings: Surroundings) throws -> ModelCard
  /// Paths of the options that `card(in:)` rests on, and of those that `check(in:)` rests on, too: while one of them is wrong,
  /// neither is asked. Default: all of them.
  var basis: (card: [String], check: [String])? { get }
  /// Looks at the files that weights come from, and reads none. No labels in the surroundings: they are not known.
  /// Default: there is nothing to look at.
  /// - Throws: as `card(in:)`.
  func check(in surroundings: Surroundings) throws
  /// The files that decide what is made, among those that path options lead to. Default: nil, all of them.
  var sources: [URL]? { get }
}

extension EncoderRecipe {
  public var basis: (card: [String], check: [String])? { nil }
  public func check(in surroundings: Surroundings) throws {}
  public var sources: [URL]? { nil }
}

/// Options from which a teacher is made.
public protocol TeacherRecipe: EncoderRecipe {
  /// The card once the surroundings hold the student's, given the one without. Default: asked anew.
  /// - Throws: as `card(in:)`.
  func card(_ card: ModelCard, in surroundings: Surroundings) throws -> ModelCard
  /// The teacher as it is before its preparation.
  func makeTeacher(in surroundings: Surroundings) throws -> any Teacher
  /// A teacher that was prepared and written before.
  func loadTeacher(from folder: URL, in surroundings: Surroundings) throws -> any Teacher
}

extension TeacherRecipe {
  public func card(_ card: ModelCard, in surroundings: Surroundings) throws -> ModelCard {
    try self.card(in: surroundings)
  }
}

/// Options from which a student is made.
public protocol StudentRecipe: EncoderRecipe {
  /// The student before it learns; layers may be copied from the prepared teacher.
  func makeStudent(in surroundings: Surroundings, teacher: (any Teacher)?) throws -> any Student
  /// A student that was written before.
  func loadStudent(from folder: URL, in surroundings: Surroundings) throws -> any Student
}
