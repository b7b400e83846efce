import DistillCore
import Foundation

/// A BERT encoder as a student: layers of the teacher, a checkpoint, or random weights.
public struct BERTStudent: StudentRecipe, Sendable {
  public static let name = "bert"
  public static let summary = "A BERT encoder made of layers of the teacher, from a checkpoint, or from random weights."
  public static let reference = PluginReference(example: "{use: bert, from_teacher_layers: [2, 4, 6]}")

  public var fromTeacherLayers: [Int]?
  public var checkpoint: OptionPath?
  public var layers: [Int]?
  public var random: RandomBERT?
  public var embedding = SequenceEmbedding.pooler
  public var pooler = HeadSource.checkpoint
  public var classifier = HeadSource.checkpoint

  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {
    visit(
      "from_teacher_layers", &fromTeacherLayers, in: .atLeast(1),
      "Copy these layers of the prepared teacher, with its embeddings, pooler and classifier; layers count from 1.")
    visit("checkpoint", &checkpoint, "Or: a Hugging Face folder.")
    visit("layers", &layers, in: .atLeast(1), "Take only these layers of the checkpoint.")
    visit.section("random", &random, "Or: random weights of this shape, with the teacher's vocabulary.")
    visit("embedding", &embedding, "What stands for a sequence: `cls`, `pooler` or `mean`.")
    visit("pooler", &pooler, "`fresh` starts a new pooler.")
    visit("classifier", &classifier, "`fresh` starts a new classifier.")
    let sources = [fromTeacherLayers != nil, checkpoint != nil, random != nil].filter { $0 }.count
    if sources != 1 {
      visit.reject(
        sources == 0 ? "use" : "checkpoint", "a student has one source, not \(sources)",
        hint: "give one of `from_teacher_layers`, `checkpoint` and `random`")
    }
    if layers != nil && checkpoint == nil { visit.reject("layers", "needs a `checkpoint` to take layers of") }
  }

  public func card(in surroundings: Surroundings) throws -> ModelCard {
    if let checkpoint {
      var (configuration, tokenizer) = try BERTEncoder.examine(checkpoint.url, in: surroundings)
      if let layers {
        try check(layers, of: configuration.layers, option: "layers")
        configuration.layers = layers.count
      }
      return BERTEncoder.card(
        configuration, task: surroundings.task, maximumLength: surroundings.maximumLength,
        vocabulary: tokenizer.fingerprint)
    }
    let option = fromTeacherLayers == nil ? "random" : "from_teacher_layers"
    guard var card = surroundings.teacher else {
      throw WiringError(
        "needs a teacher, and this pipeline has none", option: option, hint: "add a `teacher:` or use `checkpoint:`")
    }
    card.outputs = surroundings.outputs
    card.embeddingWidth = card.width
    if let fromTeacherLayers {
      guard card.architecture == "bert" else {
        throw WiringError("copies layers of a bert, and the teacher is a \(card.architecture)", option: option)
      }
      try check(fromTeacherLayers, of: card.layers, option: option)
      card.layers = fromTeacherLayers.count
    } else if let random {
      let configuration = random.configuration(vocabularySize: 1, maximumPositions: card.maximumLength)
      if let problem = configuration.problem { throw WiringError(problem, option: option) }
      (card.layers, card.heads, card.width) = (random.layers, random.heads, random.hiddenSize)
      card.architecture = "bert"
      card.embeddingWidth = random.hiddenSize
    }
    return card
  }

  private func check(_ chosen: [Int], of layers: Int, option: String) throws {
    guard !chosen.isEmpty else { throw WiringError("names no layer", option: option) }
    if let wrong = chosen.first(where: { $0 < 1 || $0 > layers }) {
      throw WiringError("layer \(wrong) does not exist: there are \(layers)", option: option)
    }
  }

  public func makeStudent(in surroundings: Surroundings, teacher: (any Teacher)?) throws -> any Student {
    if let checkpoint {
      return try BERTEncoder(
        checkpoint: checkpoint.url, BERTWeights.Selection(layers: layers, pooler: pooler, classifier: classifier),
        embedding: embedding, in: surroundings)
    }
    guard let teacher else { throw WiringError("needs a teacher", option: "from_teacher_layers") }
    if let random {
      let configuration = random.configuration(
        vocabularySize: teacher.tokenizer.vocabularySize, maximumPositions: surroundings.maximumLength)
      return BERTEncoder(
        random: configuration, embedding: embedding, tokenizer: teacher.tokenizer, in: surroundings)
    }
    guard let source = teacher.innermost as? BERTEncoder else {
      throw WiringError("copies layers of a bert, and the teacher is none", option: "from_teacher_layers")
    }
    return BERTEncoder(
      copying: source,
      BERTWeights.Selection(layers: fromTeacherLayers ?? [], pooler: pooler, classifier: classifier),
      embedding: embedding, key: surroundings.key)
  }

  public func loadStudent(from folder: URL, in surroundings: Surroundings) throws -> any Student {
    try BERTEncoder(written: folder, embedding: embedding, in: surroundings)
  }
}

/// The shape of a student that starts from random weights.
public struct RandomBERT: Configurable, Sendable {
  public var layers = 3
  public var hiddenSize = 384
  public var heads = 12
  public var intermediateSize = 1536
  public var dropout: Float = 0.1

  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {
    visit("layers", &layers, in: .atLeast(1), "L")
    visit("hidden_size", &hiddenSize, in: .atLeast(1), "H")
    visit("heads", &heads, in: .atLeast(1), "A; divides H.")
    visit("intermediate_size", &intermediateSize, in: .atLeast(1), "Width inside the feed-forward block.")
    visit("dropout", &dropout, in: .unit, "Dropout of states and of attention probabilities while training.")
  }

  func configuration(vocabularySize: Int, maximumPositions: Int) -> BERTConfiguration {
    BERTConfiguration(
      vocabularySize: vocabularySize, hiddenSize: hiddenSize, layers: layers, heads: heads,
      intermediateSize: intermediateSize, maximumPositions: maximumPositions, hiddenDropout: dropout,
      attentionDropout: dropout)
  }
}
