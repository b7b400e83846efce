/// What is known of an encoder from its configuration alone, before any weight is read.
public struct ModelCard: Sendable, Equatable {
  /// Family, e.g. `bert`; layers can be copied within a family only.
  public var architecture: String
  public var layers: Int
  public var heads: Int
  /// H
  public var width: Int
  /// D
  public var embeddingWidth: Int
  /// C; 1 for regression.
  public var outputs: Int
  /// Most tokens in a sequence.
  public var maximumLength: Int
  /// Digest of the vocabulary and its rules: encoders read the same ids only where these are equal.
  public var vocabulary: String
  /// Number of parameters.
  public var parameters: Int

  public init(
    architecture: String, layers: Int, heads: Int, width: Int, embeddingWidth: Int, outputs: Int, maximumLength: Int,
    vocabulary: String, parameters: Int
  ) {
    self.architecture = architecture
    self.layers = layers
    self.heads = heads
    self.width = width
    self.embeddingWidth = embeddingWidth
    self.outputs = outputs
    self.maximumLength = maximumLength
    self.vocabulary = vocabulary
    self.parameters = parameters
  }

  /// Checks that an activation exists.
  /// - Throws: ``WiringError`` when its layer does not.
  public func check(_ activation: Activation, of role: String) throws {
    guard let layer = activation.layer, layer > layers else { return }
    throw WiringError("\(activation) does not exist: the \(role) has \(layers) layers")
  }
}

/// The encoders of a pipeline, as their cards. A pipeline without a teacher is plain fine-tuning.
public struct ModelPair: Sendable {
  public let teacher: ModelCard?
  public let student: ModelCard
  public let task: TaskKind

  public init(teacher: ModelCard?, student: ModelCard, task: TaskKind) {
    (self.teacher, self.student, self.task) = (teacher, student, task)
  }

  /// The teacher's card.
  /// - Throws: ``WiringError`` where the pipeline has none.
  public func requireTeacher() throws -> ModelCard {
    guard let teacher else {
      throw WiringError.noTeacher(option: "use", hint: "add a `teacher:` or take the term out")
    }
    return teacher
  }

  /// Checks that logits can be compared.
  /// - Throws: ``WiringError`` without a teacher, or where it has another number of outputs.
  public func requireEqualOutputs() throws {
    let teacher = try requireTeacher()
    guard teacher.outputs == student.outputs else {
      throw WiringError("the teacher has \(teacher.outputs) outputs and the student \(student.outputs)")
    }
  }
}

/// A layer of the student and the teacher's layer that it learns from; both count from 1.
public struct LayerPair: Hashable, Sendable, CustomStringConvertible {
  public let student: Int
  public let teacher: Int

  public init(student: Int, teacher: Int) { (self.student, self.teacher) = (student, teacher) }
  public var description: String { "\(student) ← \(teacher)" }
}
