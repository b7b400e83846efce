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
  public func card(in context: PipelineContext) throws -> ModelCard {
    let teacher = try context.requireTeacher(option: "use", hint: "add a `teacher:`, whose vocabulary it takes")
    return FNetNetwork.card(
      shape(vocabularySize: 1, in: context), task: context.task, vocabulary: teacher.vocabulary)
  }

  private func shape(vocabularySize: Int, in context: PipelineContext) -> FNetShape {
    var shape = shape
    (shape.vocabularySize, shape.maximumLength) = (vocabularySize, context.maximumLength)
    return shape
  }

  public func makeStudent(
    in context: PipelineContext, teacher: (any Teacher)?, _ preparation: Preparation?
  ) throws -> any Student {
    guard let teacher else { throw WiringError("needs a teacher, whose vocabulary it takes", option: "use") }
    return try makeStudent(in: context, tokenizer: teacher.tokenizer)
  }

  /// A student that reads the ids of any tokenizer, without a teacher.
  public func makeStudent(in context: PipelineContext, tokenizer: any Tokenizer) throws -> any Student {
    let shape = shape(vocabularySize: tokenizer.vocabularySize, in: context)
    let network = try FNetNetwork(shape, task: context.task, tokenizer: tokenizer)
    return try TrainableFNet(network, key: context.key)
  }

  public func loadStudent(from folder: URL, in context: PipelineContext) throws -> any TextEncoder {
    try FNetEncoder(folder: folder, task: context.task)
  }
}
