import DistillCore
import Foundation

/// The recipe of a student of an architecture, which starts with layers of the teacher, with a checkpoint, or with random weights.
public struct EncoderStudent<Kind: NamedArchitecture>: StudentRecipe, Sendable {
  public static var name: String { Kind.name }
  public static var summary: String {
    "\(Kind.title) encoder made of layers of the teacher, from a checkpoint, or from random weights."
  }
  public static var reference: PluginReference {
    PluginReference(example: "{use: \(name), from_teacher_layers: [2, 4, 6]}")
  }

  /// The layers of the teacher to copy, counted from 1. Exactly one of this, ``checkpoint`` and ``random`` must be set.
  public var fromTeacherLayers: [Int]?
  public var checkpoint: OptionPath?
  /// The layers of the checkpoint to take, counted from 1, or `nil` for all layers.
  public var layers: [Int]?
  public var random: RandomEncoder?
  /// The vector that represents a sequence, or `nil` for that of the teacher or the checkpoint.
  public var readout: Readout?
  /// The way in which two texts are read, or `nil` for that of the teacher or the checkpoint.
  public var pairs: PairReading?
  public var pooler = HeadSource.checkpoint
  /// The source of the classifier, or `nil` for the teacher or the checkpoint if it has one and a regression otherwise.
  public var classifier: ClassifierSource?
  /// The dropout of states and of attention probabilities while training, or `nil` for that of the teacher or the checkpoint.
  public var dropout: Float?
  /// Whether the classifier is fitted anew after the training.
  public var refit = false

  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {
    visit(
      "from_teacher_layers", &fromTeacherLayers, in: .atLeast(1),
      "Copy these layers of the prepared teacher, with its embeddings, pooler and classifier; layers count from 1.")
    visit("checkpoint", &checkpoint, "Or: a Hugging Face folder.")
    visit("layers", &layers, in: .atLeast(1), "Take only these layers of the checkpoint.")
    visit.section("random", &random, "Or: random weights of this shape, with the teacher's vocabulary.")
    visit("readout", &readout, Readout.summary)
    visit("pairs", &pairs, PairReading.summary)
    visit("pooler", &pooler, "`fresh` starts a new pooler, and makes `pooler` the readout.")
    HeadSource.reject(pooler, with: readout, &visit)
    visit("classifier", &classifier, ClassifierSource.summary)
    visit(
      "dropout", &dropout, in: .from(0, below: 1),
      "Dropout of states and of attention probabilities while training. Default: that of the teacher whose layers are copied, or of "
        + "the checkpoint, which is mostly 0.1.")
    visit("refit", &refit, ClassifierRefit.summary)
    if dropout != nil, random != nil {
      visit.reject(
        "dropout", "random weights have a dropout of their own", hint: "give `random.dropout` instead",
        given: ["random"])
    }
    let given = [
      ("from_teacher_layers", fromTeacherLayers != nil), ("checkpoint", checkpoint != nil), ("random", random != nil),
    ].filter(\.1).map(\.0)
    if given.count != 1 {
      visit.reject(
        given.last ?? "use", "a student has one source, not \(given.count)",
        hint: "give one of `from_teacher_layers`, `checkpoint` and `random`"
          + (layers == nil ? "" : "; `layers` chooses layers of a `checkpoint`"),
        given: ["from_teacher_layers", "checkpoint", "random"])
    } else if layers != nil && checkpoint == nil {
      visit.reject("layers", "needs a `checkpoint` to take layers of", given: ["checkpoint"])
    }
  }

  public var optionsBesideCard: [String] {
    ["classifier", "dropout", "refit", "random.intermediate_size", "random.dropout"]
  }

  public func card(in context: PipelineContext) throws -> ModelCard {
    try pairs?.check(in: context)
    if let checkpoint {
      var (configuration, tokenizer) = try WiringErrors.blaming("checkpoint") {
        try TransformerEncoder.examine(checkpoint.url, Kind.architecture)
      }
      if let layers {
        try check(layers, of: configuration.layers, option: "layers")
        configuration.layers = layers.count
      }
      let (readout, pairs) = try WiringErrors.blaming("checkpoint") {
        (
          try TransformerEncoder.readout(of: checkpoint.url, Kind.architecture, selection),
          TransformerEncoder.pairs(of: checkpoint.url, selection, configuration)
        )
      }
      try pairs.check(tokenizer)
      return TransformerEncoder.card(
        configuration, readout, pairs, task: context.task, vocabulary: tokenizer.fingerprint)
    }
    let option = fromTeacherLayers == nil ? "random" : "from_teacher_layers"
    var card = try context.requireTeacher(option: option, hint: "add a `teacher:` or use `checkpoint:`")
    card.outputs = context.outputs
    // A copied encoder reads pairs like its source, which the width of the source's embedding tells.
    let isSeparate = pairs.map { $0 == .separate } ?? (fromTeacherLayers != nil && card.embeddingWidth > card.width)
    let reading = isSeparate ? PairReading.separate : .joint
    card.activations = TransformerEncoder.activations(reading)
    if let fromTeacherLayers {
      guard card.architecture == family else {
        throw WiringError("copies layers of a \(family), and the teacher is a \(card.architecture)", option: option)
      }
      try check(fromTeacherLayers, of: card.layers, option: option)
      card.layers = fromTeacherLayers.count
    } else if let random {
      let shape = random.configuration(
        Kind.architecture, vocabularySize: 1 << 24, maximumLength: context.maximumLength, paddingID: nil)
      if let problem = shape.problem { throw WiringError(problem, option: option) }
      (card.layers, card.heads, card.width) = (random.layers, random.heads, random.hiddenSize)
      card.architecture = family
      card.maximumLength = context.maximumLength
    }
    card.embeddingWidth = reading.parts * card.width
    return card
  }

  /// Checks that the chosen layers exist.
  private func check(_ chosen: [Int], of layers: Int, option: String) throws {
    guard !chosen.isEmpty else { throw WiringError("names no layer", option: option) }
    try WiringErrors.check(
      chosen.enumerated().filter { $0.element < 1 || $0.element > layers }.map {
        WiringError("layer \($0.element) does not exist: there are \(layers)", option: "\(option)[\($0.offset)]")
      })
  }

  private var family: String { Kind.architecture.name }

  private var selection: EncoderWeights.Selection {
    EncoderWeights.Selection(
      layers: fromTeacherLayers ?? layers, readout: readout, pairs: pairs, pooler: pooler, classifier: classifier,
      dropout: dropout)
  }

  public func check(in context: PipelineContext) throws {
    guard let checkpoint else { return }
    try WiringErrors.blaming("checkpoint") {
      var configuration = try EncoderConfiguration(folder: checkpoint.url, Kind.architecture)
      if let layers { configuration.layers = layers.count }
      _ = try TransformerEncoder.source(checkpoint.url, configuration, selection, in: context)
    }
  }

  public var hasBase: Bool { checkpoint != nil }

  public func makeBase(in context: PipelineContext) throws -> (any Teacher)? {
    try checkpoint.map { try TransformerEncoder.base($0.url, Kind.architecture, in: context) }
  }

  public var sources: [URL]? { checkpoint.map { TransformerEncoder.sources($0.url) } }

  public func makeTokenizer(in _: PipelineContext) throws -> any Tokenizer {
    guard let checkpoint else { throw WiringError("has the teacher's tokenizer", option: "checkpoint") }
    return try TransformerEncoder.examine(checkpoint.url, Kind.architecture).tokenizer
  }

  public func makeStudent(
    in context: PipelineContext, teacher: (any Teacher)?, _ preparation: Preparation?
  ) throws -> any Student {
    let student = try TrainableEncoder(start(in: context, teacher: teacher), refitsClassifier: refit)
    if let preparation { try student.fitClassifier(classifier, on: preparation) }
    return student
  }

  private func start(in context: PipelineContext, teacher: (any Teacher)?) throws -> EncoderStart {
    if let checkpoint {
      return try EncoderStart(checkpoint: checkpoint.url, Kind.architecture, selection, in: context)
    }
    guard let teacher else { throw WiringError("needs a teacher", option: "from_teacher_layers") }
    if let random {
      let source = teacher.innermost as? TransformerEncoder
      let configuration = random.configuration(
        Kind.architecture, vocabularySize: teacher.tokenizer.vocabularySize, maximumLength: context.maximumLength,
        paddingID: source?.configuration.paddingID)
      return try EncoderStart(
        random: configuration, readout ?? source?.readout ?? .mean, pairs ?? .joint,
        tokenizer: teacher.tokenizer, in: context)
    }
    guard let source = teacher.innermost as? TransformerEncoder, source.card.architecture == family else {
      throw WiringError("copies layers of a \(family), and the teacher is none", option: "from_teacher_layers")
    }
    var selection = selection
    // The source can be the teacher as it was before it learnt the task, which reads pairs as one sequence.
    selection.pairs = try selection.pairs ?? context.student.map { $0.embeddingWidth > $0.width ? .separate : .joint }
    return try EncoderStart(copying: source, selection, key: context.key)
  }

  public func loadStudent(from folder: URL, in context: PipelineContext) throws -> any TextEncoder {
    try TransformerEncoder(written: folder, Kind.architecture, in: context)
  }
}
