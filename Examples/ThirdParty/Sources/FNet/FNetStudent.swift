import DistillCore
import Foundation

/// A student without attention: an FNet of random weights, with the teacher's vocabulary.
public struct FNetStudent: StudentRecipe {
  public static let name = "fnet"
  public static let summary = "An FNet of random weights: BERT with Fourier transforms in place of attention."
  public static let reference = PluginReference(source: "Lee-Thorp et al. 2021, arXiv 2105.03824")

  public var shape = FNetShape()

  public init() {}
  public mutating func options(_ visit: inout OptionVisitor) { shape.options(&visit) }

  /// What can be said before the teacher is there: its vocabulary is taken, so its size is not known yet.
  public func card(in surroundings: Surroundings) throws -> ModelCard {
    let teacher = try surroundings.requireTeacher(option: "use", hint: "add a `teacher:`, whose vocabulary it takes")
    return FNetNetwork.card(
      shape(vocabularySize: 1, in: surroundings), task: surroundings.task, vocabulary: teacher.vocabulary)
  }

  private func shape(vocabularySize: Int, in surroundings: Surroundings) -> FNetShape {
    var shape = shape
    (shape.vocabularySize, shape.maximumLength) = (vocabularySize, surroundings.maximumLength)
    return shape
  }

  public func makeStudent(in surroundings: Surroundings, teacher: (any Teacher)?) throws -> any Student {
    guard let teacher else { throw WiringError("needs a teacher, whose vocabulary it takes", option: "use") }
    return try makeStudent(in: surroundings, tokenizer: teacher.tokenizer)
  }

  /// A student that reads the ids of any tokenizer, without a teacher.
  public func makeStudent(in surroundings: Surroundings, tokenizer: any Tokenizer) throws -> any Student {
    let shape = shape(vocabularySize: tokenizer.vocabularySize, in: surroundings)
    let network = try FNetNetwork(shape, task: surroundings.task, tokenizer: tokenizer)
    return try TrainableFNet(network, key: surroundings.key)
  }

  public func loadStudent(from folder: URL, in surroundings: Surroundings) throws -> any TextEncoder {
    try FNetEncoder(folder: folder, task: surroundings.task)
  }
}
